import { acceptanceNow, acceptCommand, accepts } from "../evidence/accept.ts";
import { activeJobs, nameOfJob } from "../evidence/jobs.ts";
import type { JobFacts, Observation } from "../evidence/observation.ts";
import { engineLimit } from "../evidence/snapshots.ts";
import type { Ledger } from "../ledger.ts";
import { acceptSnapshotLoss } from "../ledger-transitions.ts";
import { effect } from "./evidence.ts";
import { firstUnmet, type Gate, jobsKnown } from "./gates.ts";
import { hold, type Step, type Unmet } from "./step.ts";

/** How a step relies on snapshots. */
interface Reliance {
  /** Members after it. */
  readonly size: number;
  /** Whether jobs take their last snapshots in the same moment (a member that leaves, PASSIVE), or are suspended first. */
  readonly snapshots: "Together" | "OneByOne";
}

/** Of a change of members, by what the user wants to be done with jobs meanwhile. */
export function disruption({ cluster }: Observation, size: number): Reliance {
  return { size, snapshots: cluster.spec.jobs.duringDisruption === "Suspend" ? "OneByOne" : "Together" };
}

/**
 * What stands in the way of a step after which jobs go on from snapshots: one of them would come back without a part of
 * its state. A growth is never asked for this: jobs restart at it too, but more members are the one thing that ends the
 * loss, and each day without them loses at the next failure.
 */
function snapshotLoss(observation: Observation, { size, snapshots }: Reliance): Unmet | undefined {
  const apart = snapshots === "Together" ? [snapshotsApart] : [];
  return firstUnmet(observation, [jobsKnown, snapshotsComplete, snapshotsFit(size), ...apart]);
}

/** Every job at work has whole snapshots. One that is suspended has taken its last, and nothing is lost of it any more. */
export const snapshotsComplete: Gate = (observation) => {
  const jobs = activeJobs(observation).filter(isAtWork);
  const incomplete = jobs.filter((job) => job.completeness.kind === "Incomplete");
  if (incomplete.length > 0) {
    return {
      check: "SnapshotIncomplete",
      observed: incomplete.map((job) => `${nameOfJob(job)}: ${snapshotLossOf(job)}`).join("; "),
      needed: "snapshots that hold all of a job's state: after this step jobs go on from them",
      remedy: `${whatHelps}; or accept once that what is missing is lost: ${acceptCommand(observation, "lose-data")}`,
    };
  }
  const unchecked = jobs.flatMap((job) =>
    job.completeness.kind === "Unchecked" ? [{ job, why: job.completeness.why }] : [],
  );
  if (unchecked.length === 0) return undefined;
  return {
    check: "SnapshotUnchecked",
    observed: unchecked
      .map(({ job, why }) => `${nameOfJob(job)}: ${job.completeness.chunks} chunks, ${why}`)
      .join("; "),
    needed: "large snapshots compared with what the job gave to them",
    remedy: `wait: it takes some snapshots of the job; if it lasts, give the job a snapshot interval of 2 s to 10 min and leave its metrics on, or accept once that state may be lost: ${acceptCommand(observation, "lose-data")}`,
  };
};

/** Fewer members have more of a snapshot each: beyond the engine's limit it would lose entries. */
function snapshotsFit(size: number): Gate {
  return (observation) => {
    if (size >= (observation.statefulSet?.replicas ?? 0)) return undefined;
    const large = activeJobs(observation).filter(
      (job) => isAtWork(job) && job.completeness.chunks > engineLimit * size,
    );
    if (large.length === 0) return undefined;
    const needed = Math.max(...large.map((job) => Math.ceil(job.completeness.chunks / engineLimit)));
    return {
      check: "SnapshotsTooLarge",
      observed: large
        .map((job) => `${nameOfJob(job)}: ${job.completeness.chunks} chunks for ${size} members`)
        .join("; "),
      needed: `at most ${engineLimit} chunks a member: beyond, the engine loses entries of snapshots without an error`,
      remedy: `keep at least ${needed} members, or less state per job; or accept the loss once: ${acceptCommand(observation, "lose-data")}`,
    };
  };
}

/** What the others add to the largest snapshot may be overlooked up to this part of the limit. */
const overlooked = 0.1;

/** Each job's snapshots were compared by its own clock; taken in the same moment they share what the engine has in flight. */
const snapshotsApart: Gate = (observation) => {
  const jobs = activeJobs(observation).filter((job) => isAtWork(job) && job.completeness.chunks > 0);
  const limit = engineLimit * (observation.statefulSet?.replicas ?? 0);
  const chunks = jobs.map((job) => job.completeness.chunks);
  const sum = chunks.reduce((total, each) => total + each, 0);
  if (sum <= limit || sum - Math.max(...chunks) <= limit * overlooked) return undefined;
  return {
    check: "SnapshotsTogether",
    observed: `${jobs.map((job) => `${nameOfJob(job)}: ${job.completeness.chunks}`).join("; ")}; ${sum} chunks in the same moment`,
    needed: `at most ${engineLimit} chunks a member: beyond, the engine loses entries of snapshots without an error`,
    remedy: `set spec.jobs.duringDisruption: Suspend, so that jobs are suspended one after the other before members leave; before a stop suspend them yourself, one after the other; or more members; or accept the loss once: ${acceptCommand(observation, "lose-data")}`,
  };
};

/** For status and refusals alike. */
export const whatHelps = "more members (a growth is never refused for this), or less state per job";

/** `20,003 entries given to its snapshots, 17,016 of them stored`. */
export function snapshotLossOf({ completeness }: JobFacts): string {
  if (completeness.kind !== "Incomplete") return "nothing is known to be lost";
  const [emitted, stored] = [completeness.emitted, completeness.stored].map((n) => n.toLocaleString("en-US"));
  return `${emitted} entries given to its snapshots, ${stored} of them stored`;
}

function isAtWork({ status }: JobFacts): boolean {
  return status === "RUNNING" || status === "STARTING";
}

/** The acceptance that a step which loses state uses up; undefined where nothing stands in its way. */
export function acceptedLoss(observation: Observation, reliance: Reliance): string | undefined {
  const accepted = accepts(observation, "lose-data") && snapshotLoss(observation, reliance) !== undefined;
  return accepted ? acceptanceNow(observation, "lose-data") : undefined;
}

/** Before an operation that may lose state begins: what holds it up, unless somebody has accepted that. */
export function unacceptedLoss(reliance: Reliance): Gate {
  return (observation) => {
    const unknown = firstUnmet(observation, [jobsKnown]);
    if (unknown) return unknown;
    return accepts(observation, "lose-data") ? undefined : snapshotLoss(observation, reliance);
  };
}

/**
 * Before each further step of an operation under way: jobs have restarted since the last, with fewer members or others.
 * An acceptance is written down first, so that it counts for the rest of the operation and for no other.
 */
export function holdForSnapshots(observation: Observation, ledger: Ledger, reliance: Reliance): Step | undefined {
  if (ledger.operation?.lossAccepted) return undefined;
  const unmet = snapshotLoss(observation, reliance);
  if (!unmet) return undefined;
  if (unmet.check === "JobsUnknown" || !accepts(observation, "lose-data")) return hold(unmet);
  const next = acceptSnapshotLoss(ledger, acceptanceNow(observation, "lose-data"));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "snapshots that lack entries are accepted");
}
