import { type JetClusterSpecInput, jetClusterSpec } from "../../src/api/jet-cluster.ts";
import { annotation } from "../../src/api/names.ts";
import { acceptance } from "../../src/core/evidence/accept.ts";
import { resources } from "../../src/kube/objects.ts";
import type { StoredObject } from "./model/api-server.ts";
import { changeState } from "./model/change-state.ts";
import { healNetwork, splitNetwork } from "./model/divide.ts";
import { beginSuspension } from "./model/engine-jobs.ts";
import { orphan } from "./model/garbage-collector.ts";
import { isBecomingPassive } from "./model/island.ts";
import { replicasOf } from "./model/stateful-set-controller.ts";
import { clusterName, type World } from "./world.ts";

/** What a person does, and what must be so before they do it (at most ten minutes are waited for it). */
export interface Act {
  readonly says: string;
  readonly when: (world: World) => boolean;
  /** Milliseconds after that, the least and the most. */
  readonly pause: readonly [number, number];
  readonly act: (world: World) => void;
}

const always = () => true;
export const formed = (world: World) => world.ledger?.formedSize !== undefined && world.ledger.operation === undefined;
/** Its jobs run, too. */
export const works = (world: World) =>
  rests(world) && (world.engine.largest?.jobs.all().every((job) => job.status === "RUNNING") ?? false);
export const deleted = (world: World) => !world.cluster;
export const allGone = (world: World) => deleted(world) && !world.statefulSet && world.pods.length === 0;
/** Two sides have noticed that they are alone, and the operator has had time to see it. */
export const divided = (world: World) => world.engine.islands.length > 1;
/** A stop has asked for PASSIVE, and the jobs take their last snapshots. */
export const becomesPassive = ({ engine }: World) => engine.islands.some(isBecomingPassive);
/** It has come, and nobody has let the pods go yet. */
export const quiet = ({ engine, ledger }: World) =>
  ledger?.operation?.step === "Quiescing" && engine.largest?.state === "PASSIVE";
/** All members have come back from a stop, and nobody has asked for ACTIVE yet. */
export const backPassive = ({ engine, ledger }: World) =>
  ledger?.operation?.kind === "Start" && engine.largest?.state === "PASSIVE";
/** Status tells of this job, and that it runs. */
export const told = (id: string) => (world: World) =>
  world.cluster?.status?.jobs?.some((job) => job.id === id && job.status === "RUNNING") ?? false;
/** The operator remembers that this job runs without auto-scaling. */
export const watched = (id: string) => (world: World) =>
  works(world) && (world.ledger?.jobs?.unscaled?.jobs.includes(id) ?? false);
export const stopped = (world: World) => world.ledger?.stopped !== undefined;
export const lost = (world: World) => world.ledger?.stateLost !== undefined;
export const rests = (world: World) => formed(world) && world.truth.settled();

function act(says: string, doIt: (world: World) => void, timing: Partial<Pick<Act, "when" | "pause">> = {}): Act {
  return { says, when: timing.when ?? always, pause: timing.pause ?? [0, 20_000], act: doIt };
}

export const edit = (spec: JetClusterSpecInput, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `edits ${JSON.stringify(spec)}`,
    (world) => {
      world.api.change("person", resources.jetClusters, clusterName, (o) => ({
        ...o,
        spec: defaulted({ ...o.spec, ...spec }),
      }));
    },
    timing,
  );

export const scaleByHand = (replicas: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(`scales the StatefulSet to ${replicas}`, (world) => withStatefulSet(world, { spec: { replicas } }), timing);

export const takeLedgerAway = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act("takes the ledger away", (world) => withStatefulSet(world, { ledger: undefined }), timing);

export const damageLedger = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act("damages the ledger", (world) => withStatefulSet(world, { ledger: "{oops" }), timing);

export const deleteStatefulSet = (how: "Orphan" | "Background", timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `deletes the StatefulSet (${how})`,
    (world) => {
      const { statefulSet } = world;
      if (!statefulSet) return;
      if (how === "Orphan") orphan(world.api, statefulSet);
      world.api.delete("person", resources.statefulSets, clusterName);
    },
    timing,
  );

/** Ledger and hashes, all at once. */
export const takeAnnotationsAway = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "takes all annotations of the StatefulSet away",
    (world) => {
      world.api.change("person", resources.statefulSets, clusterName, ({ metadata, ...object }) => {
        const { annotations: _, ...others } = metadata;
        return { ...object, metadata: others };
      });
    },
    timing,
  );

export const editTemplate = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "edits the pod template",
    (world) => {
      world.api.change("person", resources.statefulSets, clusterName, (object) => {
        const spec = { ...object.spec?.template?.spec, ...{ serviceAccountName: "somebody" } };
        return { ...object, spec: { ...object.spec, template: { ...object.spec?.template, spec } as StoredObject } };
      });
    },
    timing,
  );

export const wipeStatus = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "wipes the status",
    (world) => {
      world.api.change("person", resources.jetClusters, clusterName, ({ status: _, ...rest }) => rest);
    },
    timing,
  );

export const deletePod = (ordinal: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `deletes pod ${ordinal}`,
    (world) => {
      const name = `${clusterName}-${ordinal}`;
      if (world.api.get(resources.pods, name)) world.api.delete("person", resources.pods, name);
    },
    timing,
  );

/** SIGTERM to the process in the container: Kubernetes knows of nothing until its probe fails. */
export const stopProcess = (ordinal: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `stops the process of pod ${ordinal}`,
    (world) => {
      const member = world.engine.joined.find((m) => m.ordinal === ordinal);
      if (member) world.engine.terminate(member);
      world.disturbedAt = world.timeline.now;
    },
    timing,
  );

export const pause = (paused: boolean, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    paused ? "pauses" : "unpauses",
    (world) => {
      world.api.change("person", resources.jetClusters, clusterName, (o) => ({
        ...o,
        metadata: { ...o.metadata, annotations: { ...o.metadata.annotations, [annotation.paused]: String(paused) } },
      }));
    },
    timing,
  );

/** One-shot: bound to the uid and generation of the moment. */
export const acceptLoss = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "accepts the loss of state",
    (world) => {
      world.lossAccepted = true;
      world.api.change("person", resources.jetClusters, clusterName, (o) => ({
        ...o,
        metadata: {
          ...o.metadata,
          annotations: {
            ...o.metadata.annotations,
            [annotation.accept]: acceptance(o.metadata as { uid: string }, world.ledger?.accepted, "lose-data"),
          },
        },
      }));
    },
    timing,
  );

export const deleteCluster = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "deletes the JetCluster",
    (world) => {
      if (!world.cluster) return;
      if (world.cluster.spec.losslessRestart.mode === "Disabled") world.lossAccepted = true;
      world.api.delete("person", resources.jetClusters, clusterName);
    },
    timing,
  );

export const createAgain = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act("creates the JetCluster again", (world) => world.createCluster(), timing);

/** With the engine's own tool, past the operator. */
export const setState = (state: "ACTIVE" | "PASSIVE", timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `sets the state ${state}`,
    (world) => {
      world.stateIsPersons = state !== "ACTIVE";
      setStateOf(world, state);
    },
    timing,
  );

/** Of one side alone, as a change does that a split cuts through. */
export const activateSide = (which: "largest" | "smallest", timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `makes the ${which} side ACTIVE`,
    ({ engine }) => {
      const sides = [...engine.islands].sort((a, b) => b.members.length - a.members.length);
      const side = sides.at(which === "largest" ? 0 : -1);
      if (side) changeState(engine, side, "ACTIVE", () => 500);
    },
    timing,
  );

/** ACTIVE in the very moment in which an operator has seen that all is PASSIVE and is about to let all members go. */
export const disturbStop = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "waits for the end of a stop to make it ACTIVE",
    (world) => {
      let waiting = true;
      world.api.listen(({ author, resource, object }) => {
        const says = (object.status as { clusterState?: string } | undefined)?.clusterState;
        const seen = author.startsWith("operator-") && resource === resources.jetClusters && says === "PASSIVE";
        if (!waiting || !seen || !quiet(world)) return;
        waiting = false;
        world.disturbedAt = world.timeline.now;
        world.timeline.after(1, () => {
          for (const island of world.engine.islands) changeState(world.engine, island, "ACTIVE", () => 500);
        });
      });
    },
    timing,
  );

/** Back to ACTIVE a person tries until it is so: the engine refuses while a member is being missed. */
function setStateOf(world: World, state: "ACTIVE" | "PASSIVE"): void {
  const { engine } = world;
  for (const island of engine.islands) changeState(engine, island, state, () => 500);
  // With nobody there it would be said to nobody: members may come back as they were.
  const isSo = engine.islands.length > 0 && engine.islands.every((island) => island.state === state);
  if (state === "ACTIVE" && !isSo) world.timeline.after(5_000, () => setStateOf(world, state));
}

export const deleteClaim = (ordinal: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `deletes claim ${ordinal}`,
    (world) => {
      const name = `data-${clusterName}-${ordinal}`;
      if (world.api.get(resources.persistentVolumeClaims, name))
        world.api.delete("person", resources.persistentVolumeClaims, name);
    },
    timing,
  );

export const suspendJob = (id: string, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `suspends ${id}`,
    ({ engine }) => {
      const job = engine.largest?.jobs.get(id);
      if (engine.largest && job?.status === "RUNNING") beginSuspension(engine, engine.largest, job, "person", 500);
    },
    timing,
  );

export const noRoomAbove = (ordinal: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    ordinal === Number.POSITIVE_INFINITY ? "adds nodes" : `leaves no room for ordinals from ${ordinal}`,
    (world) => {
      world.kubelet.noRoomFrom = ordinal;
    },
    timing,
  );

export const noRoomFor = (ordinal: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `leaves no room for ordinal ${ordinal}`,
    (world) => {
      world.kubelet.noRoomFor = ordinal;
    },
    timing,
  );

/** Asks for new pods without any other change of the spec. */
export const restart = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    "asks for a restart",
    (world) => {
      world.api.change("person", resources.jetClusters, clusterName, (o) => ({
        ...o,
        metadata: { ...o.metadata, annotations: { ...o.metadata.annotations, [annotation.restartAt]: "now" } },
      }));
    },
    timing,
  );

export const submit = (
  id: string,
  job: { readonly protected: boolean; readonly autoScaling?: boolean; readonly chunks?: number },
  timing?: Partial<Pick<Act, "when" | "pause">>,
) => act(`submits ${id}`, (world) => world.engine.submit({ id, autoScaling: true, chunks: 1, ...job }), timing);

/** SIGKILL to the process in the container, which then starts again. */
export const crash = (ordinal: number, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `kills the process of pod ${ordinal}`,
    (world) => {
      const member = world.engine.joined.find((m) => m.ordinal === ordinal);
      if (member) world.engine.crash(member);
    },
    timing,
  );

/** Cuts the network between these groups of ordinals; who is in none of them makes another. */
export const split = (groups: readonly (readonly number[])[], timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `splits the network into ${JSON.stringify(groups)}`,
    ({ engine }) => {
      const addresses = (group: readonly number[]) =>
        engine.joined.filter((m) => group.includes(m.ordinal)).map((m) => m.address);
      splitNetwork(engine, groups.map(addresses));
    },
    timing,
  );

export const heal = (timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act("heals the network", (world) => healNetwork(world.engine), timing);

/** No member is heard by an operator any more, or all are again. */
export const silence = (silent: boolean, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    silent ? "cuts the operator off" : "lets the operator hear again",
    ({ network }) => {
      if (silent) network.silence("*");
      else network.hearAll();
    },
    timing,
  );

/** As a loss of more members than there are backups does it: the engine says nothing of it. */
export const loseRecord = (id: string, timing?: Partial<Pick<Act, "when" | "pause">>) =>
  act(
    `makes the record of ${id} vanish`,
    (world) => {
      for (const island of world.engine.islands) island.jobs.forget(id);
    },
    timing,
  );

/** The API server fills defaults in. */
function defaulted(spec: JetClusterSpecInput): Record<string, unknown> {
  return jetClusterSpec.parse(spec);
}

function withStatefulSet(world: World, change: { spec?: { replicas: number }; ledger?: string | undefined }): void {
  world.api.change("person", resources.statefulSets, clusterName, (object): StoredObject => {
    const { [annotation.ledger]: ledger, ...others } = object.metadata.annotations ?? {};
    const text = "ledger" in change ? change.ledger : ledger;
    const annotations = { ...others, ...(text !== undefined && { [annotation.ledger]: text }) };
    return {
      ...object,
      metadata: { ...object.metadata, annotations },
      spec: { ...object.spec, replicas: change.spec?.replicas ?? replicasOf(object) },
    };
  });
}
