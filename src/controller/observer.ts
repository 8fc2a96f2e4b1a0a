import type { JetCluster } from "../api/jet-cluster.ts";
import { maxReplicas } from "../api/limits.ts";
import { annotation, childNames, port } from "../api/names.ts";
import { type Engine, engineOf, newestVersion } from "../core/evidence/capabilities.ts";
import type { KnownMember, Observation, SideFacts, StatefulSetFacts } from "../core/evidence/observation.ts";
import { isJoining, singleView, smallerSides, viewsOf } from "../core/evidence/views.ts";
import { runningName } from "../core/evidence/wishes.ts";
import type { Ledger } from "../core/ledger.ts";
import { ledgerOf } from "../core/plan/evidence.ts";
import type { ProgressSource } from "./archive-progress.ts";
import type { Caches } from "./caches.ts";
import { type JobSource, sideKeys } from "./jobs.ts";
import type { MemberSource } from "./members.ts";
import { budgetFacts, claimFacts, podFacts, statefulSetFacts } from "./observe.ts";
import { archiveFacts } from "./observe-archive.ts";
import type { Refusals } from "./refusals.ts";
import type { StateSizeSource } from "./state-size.ts";
import type { TakenNames } from "./taken-names.ts";
import type { TroubleSource, Wanting } from "./troubles.ts";

export interface Observer {
  /** The JetCluster as the cache has it. */
  cluster(key: string): JetCluster | undefined;
  /** One look at everything: caches, and the members themselves. */
  observe(cluster: JetCluster, signal: AbortSignal): Promise<Observation>;
  /** The caches as they are now, with the members' answers of an observation made a moment ago. */
  again(observation: Observation): Observation;
  /** Something was done to the cluster: what its members said before is old. */
  outdated(key: string): void;
  forget(key: string): void;
}

export interface ObserverParts {
  readonly caches: Caches;
  readonly members: MemberSource;
  readonly jobs: JobSource;
  /** Is the namespace being deleted? Asked only while a JetCluster in it is. */
  readonly namespaceTerminating: (namespace: string, signal: AbortSignal) => Promise<boolean>;
  readonly takenNames: TakenNames;
  readonly refusals: Refusals;
  readonly troubles: TroubleSource;
  readonly progress: ProgressSource;
  readonly stateSize: StateSizeSource;
  /** Hashes of what this operator would make of the spec, see core/desired/hash.ts. */
  readonly hashes: (
    cluster: JetCluster,
    engine: Engine,
  ) => Pick<Observation, "specHash" | "restartHash" | "templateHash">;
  readonly now: () => number;
}

export function createObserver(parts: ObserverParts): Observer {
  const hashes = rememberHashes(parts.hashes);
  const facts = rememberFacts();
  const look = (cluster: JetCluster): Seen => {
    const found = statefulSetOf(parts.caches, cluster, facts);
    const engine = wantedEngine(cluster, found?.facts);
    return {
      now: parts.now(),
      cluster,
      engine,
      statefulSet: found?.facts,
      pods: podFacts(cluster, podsOf(parts.caches, cluster), found?.facts.uid),
      budget: budgetFacts(
        parts.caches.podDisruptionBudgets.get(
          cluster.metadata.namespace,
          childNames(cluster.metadata.name).podDisruptionBudget,
        ),
      ),
      claims: claimFacts(cluster, claimsOf(parts.caches, cluster)),
      archive: archiveFacts(parts.caches, cluster),
      namesTaken: parts.takenNames.of(keyOf(cluster)),
      refused: parts.refusals.of(keyOf(cluster)),
      ...hashes.of(cluster, engine),
    };
  };
  return {
    cluster(key) {
      const [namespace, name] = key.split("/");
      return parts.caches.jetClusters.get(namespace, name ?? "");
    },
    async observe(cluster, signal) {
      const seen = look(cluster);
      const ledger = ledgerOf(seen);
      const thorough = ledger !== undefined && mayResume(cluster, ledger);
      const asking = { port: port.member, readyEndpoint: runningEngine(seen).readyEndpoint, thorough };
      const key = keyOf(cluster);
      const asked = parts.progress.observe(key, seen.archive?.work, signal);
      const members = await parts.members.observe(key, seen.pods, asking, signal);
      const jobs = await jobsOf(parts, key, seen, members, signal);
      const sides = await sidesOf(parts, key, seen, members, signal);
      const namespaceTerminating =
        cluster.metadata.deletionTimestamp !== undefined &&
        (await parts.namespaceTerminating(cluster.metadata.namespace, signal));
      const troubles = await parts.troubles.observe(key, wantingIn(seen), signal);
      const archiveProgress = await asked;
      const stateSize = parts.stateSize.observe(key, {
        cluster,
        clusterName: runningName(seen),
        members: wholeAtRest(seen, members),
      });
      // Asking takes time: caches and clock are read again, so that all facts are of one moment.
      const answers = { members, jobs, sides, namespaceTerminating, troubles, archiveProgress, stateSize };
      return { ...look(cluster), ...answers };
    },
    again(observation) {
      const { namespace, name } = observation.cluster.metadata;
      const cluster = parts.caches.jetClusters.get(namespace, name) ?? observation.cluster;
      const { members, jobs, sides, namespaceTerminating, troubles, archiveProgress, stateSize } = observation;
      return { ...look(cluster), members, jobs, sides, namespaceTerminating, troubles, archiveProgress, stateSize };
    },
    outdated: (key) => parts.members.forget(key),
    forget(key) {
      parts.members.forget(key);
      parts.jobs.forget(key);
      parts.troubles.forget(key);
      parts.progress.forget(key);
      parts.stateSize.forget(key);
      hashes.forget(key);
      parts.takenNames.set(key, []);
    },
  };
}

type Seen = Omit<
  Observation,
  "members" | "jobs" | "sides" | "namespaceTerminating" | "troubles" | "archiveProgress" | "stateSize"
>;

/** Pods that should be there and are not, and volumes that pods wait for. */
function wantingIn({ cluster, statefulSet, pods, claims }: Seen): Wanting {
  const { name, namespace } = cluster.metadata;
  const expected = ordinals.slice(0, statefulSet?.deleting ? 0 : (statefulSet?.replicas ?? 0));
  const there = new Set(pods.map((pod) => pod.ordinal));
  return {
    namespace,
    statefulSet: name,
    pods: expected.filter((ordinal) => !there.has(ordinal)).map((ordinal) => `${name}-${ordinal}`),
    claims: claims
      .filter((claim) => !claim.bound && !claim.deleting && expected.includes(claim.ordinal))
      .map((claim) => claim.name),
  };
}

/**
 * Jobs are asked for once members have joined: before, the one asked may be a cluster of itself. More than half of them in
 * one view are enough: where one is missing, what becomes of the jobs is just what people want to know.
 */
async function jobsOf(
  { jobs }: ObserverParts,
  key: string,
  seen: Seen,
  members: Observation["members"],
  signal: AbortSignal,
): Promise<Observation["jobs"]> {
  const asIfSeen = { ...seen, members } as Observation;
  const joined = members.filter((m): m is KnownMember => m.known && !isJoining(m, asIfSeen));
  const size = sizeBefore(seen);
  const most = (singleView(viewsOf(asIfSeen))?.members.length ?? 0) * 2 > size;
  if (joined.length === 0 || (joined.length < size && !most)) return undefined;
  const ledger = ledgerOf(seen);
  const atRest = ledger !== undefined && ledger.operation === undefined && !mayResume(seen.cluster, ledger);
  const quiet = atRest && tookNoteOf(seen.cluster);
  return jobs.observe(key, { members: joined, clusterName: runningName(seen), quiet }, signal);
}

/** All members of one view, while nothing is under way; none where the cluster is not so. */
function wholeAtRest(seen: Seen, members: Observation["members"]): readonly KnownMember[] {
  const ledger = ledgerOf(seen);
  const known = members.filter((member): member is KnownMember => member.known);
  const view = singleView(viewsOf({ ...seen, members } as Observation));
  const whole = known.length === seen.statefulSet?.replicas && view?.members.length === known.length;
  return ledger && !ledger.operation && whole ? known : [];
}

/** A resume is never decided from an old list: its user may have taken the job back meanwhile. */
function mayResume({ spec }: JetCluster, { jobs }: Ledger): boolean {
  return spec.jobs.resume === "Automatic" && (jobs?.waiting.some((job) => job.snapshots.length > 0) ?? false);
}

/** While a cluster grows, members that may never come do not count. */
function sizeBefore(seen: Seen): number {
  const growing = ledgerOf(seen)?.operation;
  return growing?.kind === "Grow" ? growing.from : (seen.statefulSet?.replicas ?? 0);
}

/** Only where something is to be done with the answer: each question is a connection to a cluster in trouble. */
async function sidesOf(
  { jobs }: ObserverParts,
  key: string,
  seen: Seen,
  members: Observation["members"],
  signal: AbortSignal,
): Promise<Observation["sides"]> {
  const { spec } = seen.cluster;
  const size = ledgerOf(seen)?.formedSize;
  if (spec.splitBrain.minority !== "SuspendJobs" || size === undefined) return [];
  const clusterName = runningName(seen);
  const sides: SideFacts[] = [];
  for (const [index, view] of smallerSides(viewsOf({ ...seen, members } as Observation), size).entries()) {
    const uuids = view.members.map((member) => member.uuid);
    const inside = members.filter((m): m is KnownMember => m.known && uuids.includes(m.uuid));
    const question = { members: inside, clusterName, quiet: false };
    sides.push({ members: uuids, jobs: await jobs.observe(sideKeys(key)[index] ?? key, question, signal) });
  }
  return sides;
}

/**
 * The last pass found nothing to do in this very spec. Else something is about to begin, and which jobs it may touch must
 * not be decided from an old list: one that its user has suspended meanwhile would be let go on afterwards.
 */
function tookNoteOf({ metadata, status }: JetCluster): boolean {
  const reconciling = status?.conditions?.find((condition) => condition.type === "Reconciling");
  return status?.observedGeneration === metadata.generation && reconciling?.status === "False";
}

const keyOf = ({ metadata }: JetCluster) => `${metadata.namespace}/${metadata.name}`;

/** Only a StatefulSet that this JetCluster controls: one of the same name may belong to its predecessor or to a stranger. */
function statefulSetOf(caches: Caches, { metadata }: JetCluster, facts: typeof statefulSetFacts) {
  const object = caches.statefulSets.get(metadata.namespace, childNames(metadata.name).statefulSet);
  if (!object?.metadata.ownerReferences?.some((o) => o.controller && o.uid === metadata.uid)) return undefined;
  return { facts: facts(object) };
}

function podsOf(caches: Caches, { metadata }: JetCluster) {
  const owner = caches.statefulSets.get(metadata.namespace, childNames(metadata.name).statefulSet)?.metadata.uid;
  if (owner !== undefined) return caches.pods.ownedBy(owner);
  return ordinals.flatMap((i) => caches.pods.get(metadata.namespace, `${metadata.name}-${i}`) ?? []);
}

function claimsOf(caches: Caches, { metadata, spec }: JetCluster) {
  const template = childNames(metadata.name).dataClaimTemplate;
  if (spec.losslessRestart.mode === "Disabled") return [];
  return ordinals.flatMap(
    (i) => caches.persistentVolumeClaims.get(metadata.namespace, `${template}-${metadata.name}-${i}`) ?? [],
  );
}

const ordinals: readonly number[] = Array.from({ length: maxReplicas }, (_, ordinal) => ordinal);

/** The engine that the spec asks for; an absent version is resolved once and kept in the ledger. */
function wantedEngine({ spec }: JetCluster, statefulSet: StatefulSetFacts | undefined): Engine {
  const kept = statefulSet?.ledger.kind === "ledger" ? statefulSet.ledger.ledger.version : undefined;
  return engineOf(spec.version ?? kept ?? newestVersion, editionOf(spec));
}

/** The engine that the pods run: the ledger says so until a roll has finished. */
function runningEngine({ cluster, engine, statefulSet }: Seen): Engine {
  const ledger = statefulSet?.ledger;
  return ledger?.kind === "ledger" ? engineOf(ledger.ledger.version, editionOf(cluster.spec)) : engine;
}

const editionOf = (spec: JetCluster["spec"]) => (spec.licenseKeySecretRef ? "Enterprise" : "OpenSource");

/** A ledger is read and checked only once for each object: the cache never changes one in place. */
function rememberFacts(): typeof statefulSetFacts {
  const known = new WeakMap<object, StatefulSetFacts>();
  return (object) => {
    const facts = known.get(object) ?? statefulSetFacts(object);
    known.set(object, facts);
    return facts;
  };
}

type Hashes = Pick<Observation, "specHash" | "restartHash" | "templateHash">;

/** Rendering a cluster takes a millisecond and is asked for several times a pass: it is done again only when it can differ. */
function rememberHashes(render: ObserverParts["hashes"]) {
  const byCluster = new Map<string, { readonly of: string; readonly hashes: Hashes }>();
  return {
    of(cluster: JetCluster, engine: Engine): Hashes {
      const of = hashKey(cluster, engine);
      const known = byCluster.get(keyOf(cluster));
      if (known?.of === of) return known.hashes;
      const hashes = render(cluster, engine);
      byCluster.set(keyOf(cluster), { of, hashes });
      return hashes;
    },
    forget: (key: string) => void byCluster.delete(key),
  };
}

/** Changes with everything that the hashes are made from. */
export function hashKey({ metadata }: JetCluster, engine: Engine): string {
  return [metadata.uid, metadata.generation, metadata.annotations?.[annotation.restartAt], engine.version].join(" ");
}
