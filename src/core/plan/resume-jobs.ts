import { jobOf, nameOfJob } from "../evidence/jobs.ts";
import type { Observation } from "../evidence/observation.ts";
import { neededOf } from "../evidence/quorum.ts";
import { standsOn } from "../evidence/suspension.ts";
import { singleView, viewsOf } from "../evidence/views.ts";
import type { Ledger, WaitingJob } from "../ledger.ts";
import { effect } from "./evidence.ts";
import { firstUnmet, jobsKnown, safe, settled } from "./gates.ts";
import type { Step, Unmet } from "./step.ts";

/**
 * Lets the next job go on that a lost member, or this operator on the smaller side of a split, had suspended. Seed: only
 * where the cluster is "more than half of what it was before". Never one that a person has suspended.
 * @returns undefined while none may: nothing else is held up by that, status tells what is missing.
 */
export function resumeNextWaiting(observation: Observation, ledger: Ledger): Step | undefined {
  const next = ledger.jobs?.waiting.find(
    (job) => jobOf(observation, job.id)?.status === "SUSPENDED" && !waitsFor(observation, ledger, job),
  );
  if (!next) return undefined;
  return effect(observation, { kind: "ResumeJob", job: next.id }, `resuming job ${nameOfJob(next)}`);
}

/** What is missing before the job may go on; undefined: nothing. */
export function waitsFor(observation: Observation, ledger: Ledger, job: WaitingJob): Unmet | undefined {
  return (
    knownSuspender(observation, job) ??
    wanted(observation) ??
    firstUnmet(observation, [...settled, safe, jobsKnown]) ??
    enoughMembers(observation, ledger, job) ??
    viewStands(observation, ledger)
  );
}

function knownSuspender(observation: Observation, job: WaitingJob): Unmet | undefined {
  const facts = jobOf(observation, job.id);
  if (facts ? standsOn(facts, job) : job.snapshots.length > 0) return undefined;
  return {
    check: "SuspendedByWhom",
    observed: `${nameOfJob(job)} was suspended when members were lost, apart or stopped; nothing tells whether by that or by a person`,
    needed: "a person to decide",
    remedy: "resume or cancel it with the engine's own tools",
  };
}

function wanted({ cluster }: Observation): Unmet | undefined {
  if (cluster.spec.jobs.resume === "Automatic") return undefined;
  return {
    check: "ResumeManual",
    observed: "spec.jobs.resume is Manual",
    needed: "a person to resume it",
    remedy: "resume it with the engine's own tools, or set spec.jobs.resume: Automatic",
  };
}

/** Q may have fallen since by a shrink; what the job was suspended in counts as well. */
function enoughMembers(observation: Observation, ledger: Ledger, job: WaitingJob): Unmet | undefined {
  const base = Math.max(ledger.quorumBase, job.size);
  const live = singleView(viewsOf(observation))?.members.length ?? 0;
  if (live >= neededOf(base)) return undefined;
  return {
    check: "TooFewMembers",
    observed: `${live} members in one view; ${nameOfJob(job)} was suspended in a cluster of ${job.size}`,
    needed: `${neededOf(base)} members: more than half of ${base}`,
    remedy: `set spec.replicas to at least ${neededOf(base)}, or resume it with the engine's own tools`,
  };
}

function viewStands({ cluster, now }: Observation, ledger: Ledger): Unmet | undefined {
  const { settleSeconds } = cluster.spec.splitBrain;
  const since = ledger.jobs?.settled?.since;
  if (since !== undefined && now - Date.parse(since) >= settleSeconds * 1_000) return undefined;
  return {
    check: "ViewSettling",
    observed: since === undefined ? "the whole view is being recorded" : `one whole view since ${since}`,
    needed: `${settleSeconds} s without a change (spec.splitBrain.settleSeconds)`,
    remedy: "wait: it goes on by itself",
  };
}
