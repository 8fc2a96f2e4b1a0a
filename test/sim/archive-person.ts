import { resources } from "../../src/kube/objects.ts";
import { changeState } from "./model/change-state.ts";
import { clientsGetIn } from "./model/clients.ts";
import type { Act } from "./person.ts";
import { clusterName, type World } from "./world.ts";

type Timing = Partial<Pick<Act, "when" | "pause">>;

function act(says: string, doIt: (world: World) => void, timing: Timing = {}): Act {
  return { says, when: timing.when ?? (() => true), pause: timing.pause ?? [0, 5_000], act: doIt };
}

const clientsMillis = 4_000;

function isOpen({ api }: World): boolean {
  const service = api.get(resources.services, clusterName)?.spec as { selector?: unknown } | undefined;
  return service?.selector === "open";
}

/** Whenever they get in they write, and want their job to be there. */
function clientsTry(world: World, submitting: boolean): void {
  if (isOpen(world)) clientsGetIn(world.engine, world.archiveTruth.confirmed, submitting);
  world.timeline.after(clientsMillis, () => clientsTry(world, submitting));
}

const isSaving = (world: World) => world.ledger?.operation?.step === "Saving";

/** With the engine's own tools: the state back, and the jobs that the stop had suspended. */
function goOn(world: World): void {
  for (const island of world.engine.islands) {
    changeState(world.engine, island, "ACTIVE", () => 500);
    for (const job of island.jobs.all()) {
      if (job.status === "SUSPENDED" && job.suspendedBy === "operator")
        Object.assign(job, { status: "NOT_RUNNING", suspendedBy: undefined });
    }
    world.engine.startJobs(island);
  }
}

/** And takes both back: whoever looks only then finds all as it was. */
function standStillAgain({ engine }: World): void {
  for (const island of engine.islands) {
    for (const job of island.jobs.all().filter((each) => each.status === "RUNNING")) {
      island.jobs.takeLastSnapshot(job);
      island.jobs.suspend(job, "person", island.members.length);
    }
    changeState(engine, island, "PASSIVE", () => 500);
  }
}

/** What people and clients do around archives. */
export const volumeActs = {
  /** This job is suspended, all others run, and nothing is under way. */
  waiting: (id: string) => (world: World) => {
    const jobs = world.engine.largest?.jobs.all() ?? [];
    const settled = world.ledger?.formedSize !== undefined && world.ledger.operation === undefined;
    return (
      settled && world.truth.settled() && jobs.every((job) => job.status === (job.id === id ? "SUSPENDED" : "RUNNING"))
    );
  },
  clients: (timing?: Timing) => act("lets clients work", (world) => clientsTry(world, true), timing),
  writers: (timing?: Timing) => act("lets clients write", (world) => clientsTry(world, false), timing),
  full: (full: boolean, timing?: Timing) =>
    act(
      full ? "fills the volume" : "makes room on the volume",
      ({ archiveTruth }) => {
        if (archiveTruth.volume) archiveTruth.volume.full = full;
      },
      timing,
    ),
  stall: (stalled: boolean, timing?: Timing) =>
    act(
      stalled ? "has a volume that does not answer" : "has the volume answer again",
      ({ archiveTruth }) => {
        if (archiveTruth.volume) archiveTruth.volume.stalled = stalled;
      },
      timing,
    ),
  loseNodeOf: (ordinal: number, timing?: Timing) =>
    act(
      `loses the node of pod ${ordinal}`,
      (world) => {
        const pod = world.pods.find((each) => each.metadata.name === `${clusterName}-${ordinal}`);
        if (pod) world.kubelet.loseNodeOf(pod);
      },
      timing,
    ),
  nodesBack: (timing?: Timing) => act("has all nodes back", (world) => world.kubelet.nodesBack(), timing),
  damageNext: (timing?: Timing) =>
    act(
      "has a disk that writes wrongly once",
      ({ archiveTruth }) => {
        if (archiveTruth.volume) archiveTruth.volume.damagesNext = true;
      },
      timing,
    ),
  /** An earlier state under a higher number, as somebody may lay it there who means well. */
  layOlder: (timing?: Timing) =>
    act(
      "lays an older archive on the volume",
      ({ archiveTruth: { volume } }) => {
        const [newest] = volume?.good ?? [];
        if (!volume || !newest) return;
        const older = volume.create("0123456789abcdef");
        for (const [map, entries] of newest.files) older.files.set(map, aged(entries));
        volume.complete(older, { clusterId: "cluster-of-old", version: "5.7.0", jobs: 0 });
        older.verified = true;
      },
      timing,
    ),
  submitPast: (id: string, timing?: Timing) =>
    act(
      `submits ${id} past the gate`,
      (world) => world.engine.submit({ id, protected: false, autoScaling: true, chunks: 1 }),
      { when: (world) => world.ledger?.operation?.kind === "Start" && world.engine.islands.length > 0, ...timing },
    ),
  cancel: (id: string, timing?: Timing) =>
    act(
      `cancels ${id}`,
      ({ engine }) => {
        for (const { jobs } of engine.islands) jobs.forget(id);
      },
      timing,
    ),
  activateAndResume: (timing?: Timing) =>
    act(
      "makes the cluster ACTIVE, resumes its jobs, and takes it back",
      (world) => {
        goOn(world);
        world.timeline.after(6_000, () => standStillAgain(world));
      },
      { when: isSaving, pause: [0, 1_000], ...timing },
    ),
};

function aged<T>(entries: T): T {
  const text = JSON.stringify(entries, (key, value: unknown) =>
    (key === "snapshot" || key === "id") && typeof value === "number" ? Math.max(0, value - 1) : value,
  );
  return JSON.parse(text) as T;
}
