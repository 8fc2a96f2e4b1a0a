import { activeJobs, jobOf, nameOfJob, strandedAt, stricterThan } from "../evidence/jobs.ts";
import type { JobFacts, Observation } from "../evidence/observation.ts";
import { neededOf } from "../evidence/quorum.ts";
import type { Ledger, LedgerOperation, SuspendedJob } from "../ledger.ts";
import { enter } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, type Gate, jobsKnown, safe, settled } from "./gates.ts";
import { holdForSnapshots } from "./snapshots.ts";
import { hold, type Step, type Unmet, wait } from "./step.ts";

/**
 * Jobs that a change of members suspends first and lets go on afterwards: all that keep state, where the user wants that
 * (`jobs.duringDisruption: Suspend`), those whose quorum is refreshed, which the engine does only while suspended, and
 * those without auto-scaling: when the master leaves, the engine would suspend them and not let them go on by itself.
 * A job that somebody else has suspended is never among them.
 * @param target members after the change; undefined where the size stays, so that no quorum needs to be refreshed.
 */
export function jobsToSuspend(observation: Observation, target: number | undefined): SuspendedJob[] {
  const { jobs } = observation.cluster.spec;
  const refreshable = jobs.quorumRefresh === "Automatic" && observation.engine.jobConfigUpdate;
  const strict = refreshable && target !== undefined ? stricterThan(observation, target) : [];
  const refreshed = new Set(strict.map((job) => job.id));
  return activeJobs(observation)
    .filter((job) => job.status === "RUNNING")
    .filter((job) => {
      const asWished = jobs.duringDisruption === "Suspend" && job.keepsState !== false;
      return refreshed.has(job.id) || asWished || job.autoScaling === false;
    })
    .map((job) => ({ id: job.id, refresh: refreshed.has(job.id) }));
}

/**
 * Jobs that could never start again with `target` members, unless their quorum is refreshed on the way.
 * @param listed the jobs that the operation suspends, where it has begun.
 */
export function jobsWouldStrand(
  observation: Observation,
  target: number,
  listed: readonly SuspendedJob[] = jobsToSuspend(observation, target),
): Unmet | undefined {
  const saved = new Set(listed.flatMap((job) => (job.refresh ? [job.id] : [])));
  const stranded = strandedAt(observation, target).filter((job) => !saved.has(job.id));
  if (stranded.length === 0) return undefined;
  const canRefresh = observation.engine.jobConfigUpdate;
  return {
    check: "JobsWouldStrand",
    observed: stranded.map((job) => `${nameOfJob(job)} needs ${job.quorum} members`).join(", "),
    needed: `jobs that start again with ${target}`,
    remedy: `keep at least ${Math.max(...stranded.map((job) => job.quorum ?? 0))} members, or cancel these jobs${
      canRefresh ? ", or set spec.jobs.quorumRefresh: Automatic while they run" : ""
    }`,
  };
}

/** One job after the other: jobs that take their snapshots together can make the engine lose entries of them. */
export function suspendNext(
  observation: Observation,
  ledger: Ledger,
  next: LedgerOperation["step"],
  size: number,
  gates: readonly Gate[] = [...settled, safe],
): Step {
  const unmet = firstUnmet(observation, [...gates, jobsKnown]);
  if (unmet) return hold(unmet);
  for (const { job, facts } of listed(observation, ledger)) {
    if (facts?.status === "RUNNING") {
      const held = holdForSnapshots(observation, ledger, { size, snapshots: "OneByOne" });
      if (held) return held;
      return effect(observation, { kind: "SuspendJob", job: job.id }, `suspending job ${nameOfJob(facts)}`);
    }
    if (facts && isOnItsWay(facts)) return wait(jobMoving(facts, "SUSPENDED"));
  }
  const ready = enter(ledger, next, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: ready }, "every job that was to be suspended is suspended");
}

/** Protection off and on again: the engine then sets the job's quorum from the members that there are. */
export function refreshNext(observation: Observation, ledger: Ledger, size: number): Step {
  const unmet = firstUnmet(observation, [...settled, safe, jobsKnown]);
  if (unmet) return hold(unmet);
  for (const { job, facts } of listed(observation, ledger)) {
    if (!job.refresh || facts?.status !== "SUSPENDED") continue;
    const protection = facts.protected === false ? "On" : "Off";
    if (protection === "On" || (facts.quorum ?? 0) > neededOf(size)) {
      return effect(
        observation,
        { kind: "SetJobProtection", job: job.id, protection },
        `refreshing the quorum of job ${nameOfJob(facts)}: protection ${protection.toLowerCase()}`,
      );
    }
  }
  const ready = enter(ledger, "ResumingJobs", timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: ready }, "quorums are as the new size needs them");
}

/**
 * Lets the jobs go on that this operation suspended; the caller has seen one whole, safe view. A job that the engine has
 * suspended meanwhile, because its snapshot is damaged, is left as it is: it would be suspended again at once, for ever.
 * One that was let go on and does not get to RUNNING (a source that is away, a quorum) is not waited for: the operation
 * would stand in the way of whatever helps it. JobsHealthy names it.
 */
function resumeNext(observation: Observation, ledger: Ledger): Step | undefined {
  const unmet = firstUnmet(observation, [jobsKnown]);
  if (unmet) return wait(unmet);
  for (const { job, facts } of listed(observation, ledger)) {
    if (facts?.status === "SUSPENDED" && !facts.suspension) {
      return effect(observation, { kind: "ResumeJob", job: job.id }, `resuming job ${nameOfJob(facts)}`);
    }
    if (facts && isBeingSuspended(facts)) return wait(jobMoving(facts, "SUSPENDED"));
  }
  return undefined;
}

/** The last step of an operation that suspended jobs, where all members are one safe view; `end` is what comes after it. */
export function letJobsGoOn(observation: Observation, ledger: Ledger, end: () => Step): Step {
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return hold(unmet);
  return resumeNext(observation, ledger) ?? end();
}

function listed(observation: Observation, ledger: Ledger) {
  return (ledger.operation?.jobs ?? []).map((job) => ({ job, facts: jobOf(observation, job.id) }));
}

/** A resume sent now would be answered ok and lost (seen on real engines). */
function isBeingSuspended({ status }: JobFacts): boolean {
  return status === "COMPLETING" || status === "SUSPENDED_EXPORTING_SNAPSHOT";
}

/** A command sent to a job in one of these is answered ok and lost (seen on real engines). */
function isOnItsWay({ status }: JobFacts): boolean {
  return ["NOT_RUNNING", "STARTING", "COMPLETING", "SUSPENDED_EXPORTING_SNAPSHOT"].includes(status);
}

function jobMoving(job: JobFacts, to: string): Unmet {
  return {
    check: "JobMoving",
    observed: `${nameOfJob(job)} is ${job.status}`,
    needed: to,
    remedy: "wait: it takes as long as the job's snapshot; a job that failed or was cancelled meanwhile is left alone",
  };
}
