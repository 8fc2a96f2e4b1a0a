import { neededOf } from "../../src/core/evidence/quorum.ts";
import { wantedSize } from "../../src/core/evidence/sizes.ts";
import { resources } from "../../src/kube/objects.ts";
import { archiveProblem } from "./archive-liveness.ts";
import { helpAsTold } from "./help.ts";
import { byOperator } from "./invariants/invariant.ts";
import { type Job, losesEntries } from "./model/jobs.ts";
import { replicasOf } from "./model/stateful-set-controller.ts";
import type { World } from "./world.ts";

/** Virtual time within which all must be well after the last fault and the last edit, in milliseconds. */
const patienceMillis = 45 * 60_000;
/** Virtual time in which a cluster at rest is watched. */
const restMillis = 10 * 60_000;

/** L1–L6, I16, I19: after the storm the cluster comes to what the spec asks for, stays so, and then nothing is written. */
export async function checkLiveness(world: World): Promise<void> {
  const end = world.timeline.now + patienceMillis;
  // Longer than an answer at rest may be old: jobs are asked for every 15 s, members for their whole view every 60 s.
  for (let quiet = 0; quiet < 5 && world.timeline.now < end && !world.violation; ) {
    await world.timeline.advance(15_000);
    helpAsTold(world);
    quiet = atRest(world) && !waitsForEver(world) ? quiet + 1 : 0;
  }
  if (world.violation) return;
  if (!atRest(world))
    return world.violated("L1", `not at rest after ${patienceMillis / 60_000} minutes: ${standing(world)}`);
  const wrong = endState(world);
  if (wrong) return world.violated("L3", wrong);
  const writes: string[] = [];
  world.api.listen((commit) => {
    if (byOperator(commit))
      writes.push(`${commit.resource.plural} ${JSON.stringify(commit.object.status ?? commit.object.metadata)}`);
  });
  await world.timeline.advance(restMillis);
  if (world.violation) return;
  if (writes.length > 0) world.violated("I19", `${writes.length} writes at rest: ${writes[0]?.slice(0, 1_500)}`);
  if (!atRest(world)) world.violated("L1", `did not stay at rest: ${standing(world)}`);
}

/** Ends that name what forbids to go on (L1), each where it may be the end. */
const mayEndBlocked: Record<string, (world: World) => boolean> = {
  NotLossless: (world) => world.cluster?.spec.losslessRestart.mode === "Disabled" && !world.lossAccepted,
  JobsWouldStrand: (world) => jobsOf(world).some((job) => job.quorum > wantedOf(world)),
  SnapshotIncomplete: (world) => jobsOf(world).some((job) => losesEntries(job, membersOf(world))),
  SnapshotsTooLarge: (world) => jobsOf(world).some((job) => losesEntries(job, wantedOf(world))),
  StateLost: (world) => world.engine.losses.length > 0 || world.engine.startedAnew,
  VolumesMissing: (world) => world.api.list(resources.persistentVolumeClaims).length < (world.truth.atStop?.size ?? 0),
  TooFewForJobs: (world) => (world.archiveTruth.stopped?.jobs ?? []).some((job) => job.quorum > wantedOf(world)),
  ForeignClusterState: heldByPerson,
  Paused: () => true,
};

function refused(world: World): boolean {
  const { lastStep } = world;
  return lastStep?.kind === "blocked" && lastStep.by.every((unmet) => mayEndBlocked[unmet.check]?.(world) === true);
}

/** A job came, or was found to lose entries, after the operation had begun: it goes no further without a person. */
function heldMidway(world: World): boolean {
  const { lastStep, ledger } = world;
  const checks = lastStep?.kind === "blocked" ? lastStep.by.map(({ check }) => check) : [];
  return ledger?.operation !== undefined && refused(world) && checks.every((check) => check.startsWith("Snapshot"));
}

/** A volume went in the very moment of the start: the engine itself waits for the member that was on it. */
function waitsForLostVolume({ truth, ledger }: World): boolean {
  return truth.claimGoneAt !== undefined && ledger?.operation?.kind === "Start";
}

/** It waits without an end. Its wait becomes Stalled after a while, and members still come: only then it stands still. */
function waitsForEver(world: World): boolean {
  return waitsForLostVolume(world) || heldByPerson(world);
}

/** A person keeps the cluster from being ACTIVE: nobody new may join it then, and sides of a split never merge. */
function heldByPerson({ engine, stateIsPersons }: World): boolean {
  return stateIsPersons && engine.islands.some((island) => island.state !== "ACTIVE");
}

/**
 * Refused, with a pod that no node has room for: such a cluster is never settled. A growth can neither end then nor, for a job
 * that has seen more members than before, be taken back.
 */
function heldWithoutRoom({ kubelet, ledger }: World, isRefused: boolean): boolean {
  const { kind = "Grow" } = ledger?.operation ?? {};
  return isRefused && kind === "Grow" && kubelet.noRoomFor !== undefined;
}

function atRest(world: World): boolean {
  if (heldWithoutRoom(world, refused(world))) return true;
  if (waitsForLostVolume(world)) return true;
  if (heldByPerson(world)) return refused(world) || world.options.faults.size > 0;
  if (!world.cluster) return !world.statefulSet && world.pods.length === 0;
  if (world.lastStep?.kind !== "done" && !refused(world)) return false;
  // What is still being compared changes status once more.
  if (world.cluster.status?.jobs?.some(({ snapshot }) => snapshot?.state === "Unchecked")) return false;
  const stopped = replicasOf(world.statefulSet) === 0 && world.pods.length === 0;
  // A job may wait for as long as its user wants the view to stand; what never goes on is the end state's business.
  const waits = (world.ledger?.jobs?.waiting ?? []).some((job) => job.snapshots.length > 0);
  if ((waits && !jobsGoOn(world)) || jobsOf(world).some((job) => job.status === "COMPLETING")) return false;
  return (world.ledger?.operation === undefined || heldMidway(world)) && (stopped || world.truth.settled());
}

function endState(world: World): string | undefined {
  if (!world.cluster || waitsForLostVolume(world) || heldByPerson(world) || heldWithoutRoom(world, refused(world)))
    return undefined;
  // Held in the middle of an operation: sizes and jobs are still on their way.
  if (heldMidway(world)) return undefined;
  const problem = refused(world) ? undefined : (sizeProblem(world) ?? readyProblem(world));
  return problem ?? ledgerProblem(world) ?? jobProblem(world) ?? archiveProblem(world);
}

function wantedOf({ cluster }: World): number {
  return !cluster || cluster.spec.suspend ? 0 : wantedSize(cluster.spec);
}

function sizeProblem(world: World): string | undefined {
  const replicas = replicasOf(world.statefulSet);
  if (replicas !== wantedOf(world)) return `${replicas} members, ${wantedOf(world)} are asked for`;
  const outdated = world.pods.filter((pod) => hashOf(pod) !== hashOf(world.statefulSet));
  if (outdated.length > 0) return `${outdated.length} pods have an old template`;
  const account = (world.statefulSet?.spec?.template?.spec as { serviceAccountName?: string })?.serviceAccountName;
  return account === "somebody" ? "the pod template is somebody's" : undefined;
}

function readyProblem(world: World): string | undefined {
  const ready = world.cluster?.status?.conditions?.find((c) => c.type === "Ready");
  const wanted = wantedOf(world) === 0 ? "False" : "True";
  return ready?.status === wanted ? undefined : `Ready is ${ready?.status} (${ready?.reason})`;
}

/** Q above the members would keep jobs waiting for more than there are, for ever. */
function ledgerProblem({ ledger, statefulSet }: World): string | undefined {
  const replicas = replicasOf(statefulSet);
  if (!statefulSet || replicas === 0) return undefined;
  if (ledger?.formedSize !== replicas) return `formed ${ledger?.formedSize}, replicas ${replicas}`;
  return ledger.quorumBase === replicas ? undefined : `Q is ${ledger.quorumBase} for ${replicas} members`;
}

/** L4, L5: no state that an operation left behind; every job runs that may. */
function jobProblem(world: World): string | undefined {
  const island = world.engine.largest;
  if (!island) return undefined;
  if (island.state !== "ACTIVE") return `the cluster was left ${island.state}`;
  const stranded = jobsOf(world).filter((job) => job.status === "NOT_RUNNING" && job.quorum > island.members.length);
  if (stranded.length > 0)
    return `${stranded.map((job) => job.id).join(", ")} can never start again with so few members`;
  const idle = jobsOf(world).filter(
    (job) => job.status !== "RUNNING" && !job.damaged && job.quorum <= island.members.length,
  );
  const ours = idle.filter((job) => job.suspendedBy !== "person" && !isLeftToPerson(world, job) && isKnown(world, job));
  if (ours.length > 0) return `${ours.map((job) => `${job.id} is ${job.status}`).join(", ")}`;
  return forgottenProblem(world);
}

/** One that began to run a moment before the loss is not known to have run: nothing tells it from a user's. */
function isKnown({ knownUnscaled }: World, { id, suspendedBy }: Job): boolean {
  return suspendedBy !== "engine" || knownUnscaled.has(id);
}

/** Status names it, and what the person can do. */
function isLeftToPerson({ ledger, cluster, engine }: World, job: Job): boolean {
  const waiting = ledger?.jobs?.waiting.find((each) => each.id === job.id);
  if (!waiting) return false;
  const needed = neededOf(Math.max(waiting.size, ledger?.quorumBase ?? 0));
  const tooFew = (engine.largest?.members.length ?? 0) < needed;
  const { snapshot } = job;
  const unclear = !waiting.snapshots.includes(snapshot ? `${snapshot.id}@${snapshot.startedAt}` : "none");
  return unclear || cluster?.spec.jobs.resume === "Manual" || tooFew;
}

/** A job whose record is lost is told of, if it ever was: a person must hear of it. */
function forgottenProblem({ engine, ledger, toldOf, lossAccepted, options }: World): string | undefined {
  // A status that arrives late, or comes from a superseded operator's old caches, tells of jobs as they were before, and what
  // was told of since is told of no more.
  const late = options.faults.has("requests get stuck") || options.faults.has("two operators");
  if (ledger?.stateLost || lossAccepted || late) return undefined;
  const named = new Set(ledger?.jobs?.vanished.map((job) => job.id));
  const forgotten = [...(engine.largest?.jobs.vanished ?? [])].filter((id) => toldOf.has(id) && !named.has(id));
  return forgotten.length > 0 ? `${forgotten.join(", ")} vanished, and nobody says so` : undefined;
}

function jobsGoOn(world: World): boolean {
  return jobsOf(world).every(
    (job) =>
      job.status !== "SUSPENDED" ||
      job.suspendedBy === "person" ||
      job.cause !== undefined ||
      isLeftToPerson(world, job),
  );
}

function jobsOf(world: World) {
  return world.engine.largest?.jobs.all() ?? [];
}

function membersOf(world: World): number {
  return world.engine.largest?.members.length ?? 0;
}

function hashOf(object: World["statefulSet"]): string | undefined {
  return object?.metadata.annotations?.["jet-operator.io/template-hash"];
}

function standing(world: World): string {
  const { lastStep, ledger } = world;
  const step =
    lastStep?.kind === "wait"
      ? `${lastStep.for.check}: ${lastStep.for.observed}`
      : lastStep?.kind === "blocked"
        ? lastStep.by.map((unmet) => `${unmet.check}: ${unmet.observed}`).join("; ")
        : `${lastStep?.kind}`;
  return `${step}; replicas ${replicasOf(world.statefulSet)}, ledger ${JSON.stringify(ledger)}`;
}
