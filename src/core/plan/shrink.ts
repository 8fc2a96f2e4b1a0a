import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { wantsNobody } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginShrink, endShrinkHere, enter, finish, takeNextAway } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { budgetClosed, firstUnmet, jobsKnown, othersAtWork, safe, settled } from "./gates.ts";
import { idleAtTheEnd, isIdleBelow, leavingGates } from "./idle-pods.ts";
import { acceptedLoss, disruption, holdForSnapshots, unacceptedLoss } from "./snapshots.ts";
import { hold, type Step } from "./step.ts";
import { jobsToSuspend, jobsWouldStrand, letJobsGoOn, refreshNext, suspendNext } from "./suspend-jobs.ts";

/**
 * Takes the highest ordinal away, one member at a time, and waits until every backup is there again. Seed: members shut
 * down "one by one in a rapid succession … may result in out-of-memory errors or data loss".
 */
export function shrink(observation: Observation, ledger: Ledger, target: number): Step {
  const from = observation.statefulSet?.replicas ?? 0;
  const idle = idleAtTheEnd(observation);
  if (idle > 0) return shedIdle(observation, ledger, from, Math.max(target, from - idle));
  const survives = (seen: Observation) => jobsWouldStrand(seen, target);
  const relies = disruption(observation, target);
  const leaving = [...leavingGates(observation, target), jobsKnown, survives, unacceptedLoss(relies), budgetClosed];
  const unmet = firstUnmet(observation, leaving);
  if (unmet) return hold(unmet);
  const sizes = { from, to: target, acceptedLoss: acceptedLoss(observation, relies) };
  const next = beginShrink(ledger, sizes, jobsToSuspend(observation, target), timeOf(observation));
  if (next.operation?.step === "SuspendingJobs") {
    return effect(
      observation,
      { kind: "WriteLedger", ledger: next },
      `shrinking to ${target}: jobs are suspended first`,
    );
  }
  return effect(
    observation,
    { kind: "Scale", from, to: from - 1, ledger: next },
    `shrinking from ${from} to ${target}: member ${from - 1} leaves`,
  );
}

/**
 * Pods that are no members (no node has room for them) go first, in a shrink of their own: they take nothing with them,
 * so nothing is waited for that only they could end, and no job is suspended for them.
 */
function shedIdle(observation: Observation, ledger: Ledger, from: number, to: number): Step {
  const survives = (seen: Observation) => jobsWouldStrand(seen, to, []);
  const unmet = firstUnmet(observation, [...othersAtWork, jobsKnown, survives, budgetClosed]);
  if (unmet) return hold(unmet);
  const next = beginShrink(ledger, { from, to }, [], timeOf(observation));
  return effect(
    observation,
    { kind: "Scale", from, to: from - 1, ledger: next },
    `shrinking from ${from} to ${to}: ${from - to} pods that are no members go`,
  );
}

export function continueShrink(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const changed = retarget(observation, ledger, operation) ?? shrinkOn(observation, ledger, operation);
  if (changed) return changed;
  switch (operation.step) {
    case "SuspendingJobs":
      return suspendNext(observation, ledger, "Leaving", operation.to, leavingGates(observation, operation.to));
    case "RefreshingQuorum":
      return refreshNext(observation, ledger, operation.to);
    case "ResumingJobs":
      return letJobsGoOn(observation, ledger, () => done(observation, ledger, operation));
    default:
      return leave(observation, ledger, operation);
  }
}

/** The user wants more members than the shrink would leave: it ends where it is; nobody more leaves. */
function retarget(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step | undefined {
  const leaving = operation.step === "SuspendingJobs" || operation.step === "Leaving";
  if (!leaving || operation.replicas === operation.to || wantsNobody(observation)) return undefined;
  if (wantedSize(observation.cluster.spec) <= operation.to) return undefined;
  return endHere(observation, ledger, operation, "no more members are to leave");
}

/** It has come to its end but for a pod that is no member, and the user wants that one gone, too. */
function shrinkOn(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step | undefined {
  const wanted = wantedSize(observation.cluster.spec);
  const { step, replicas: from, to, jobs } = operation;
  if (step !== "Leaving" || from !== to || wanted === 0 || wanted >= to) return undefined;
  if (!isIdleBelow(observation, wanted)) return undefined;
  if (!jobs) return shrink(observation, ledger, wanted);
  // Those suspended already stay on the list; nobody leaves with this write.
  const next = beginShrink(ledger, { from, to: wanted }, jobs, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `shrinking on to ${wanted}`);
}

function endHere(observation: Observation, ledger: Ledger, { replicas }: LedgerOperation, why: string): Step {
  const next = endShrinkHere(ledger, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `${why}: the shrink ends with ${replicas}`);
}

function leave(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const { replicas, to } = operation;
  // Asked again before each member: one that crashes and comes back while the dead one still counts raises quorums.
  const survives = (seen: Observation) => jobsWouldStrand(seen, to, operation.jobs ?? []);
  const idle = replicas > to && idleAtTheEnd(observation) > 0;
  const unmet = firstUnmet(observation, [
    ...(idle ? othersAtWork : leavingGates(observation, to)),
    ...(replicas > to ? [budgetClosed, jobsKnown, survives] : []),
  ]);
  // Only a person can help, and that may take long: the jobs that were suspended for it go on meanwhile.
  const whole = firstUnmet(observation, [...settled, safe]) === undefined;
  if (unmet?.check === "JobsWouldStrand" && whole) return endHere(observation, ledger, operation, unmet.observed);
  if (unmet) return hold(unmet);
  const at = timeOf(observation);
  if (replicas > to) {
    const held = idle ? undefined : holdForSnapshots(observation, ledger, { size: to, snapshots: "Together" });
    if (held) return held;
    return effect(
      observation,
      { kind: "Scale", from: replicas, to: replicas - 1, ledger: takeNextAway(ledger, at) },
      `member ${replicas - 1} leaves`,
    );
  }
  if (!operation.jobs) return done(observation, ledger, operation);
  const next = enter(ledger, "RefreshingQuorum", at);
  return effect(observation, { kind: "WriteLedger", ledger: next }, `${to} members are left, every backup in place`);
}

/** Only here Q falls: one safe view of exactly ordinals 0…to−1 has been seen. */
function done(observation: Observation, ledger: Ledger, { to }: LedgerOperation): Step {
  const next = finish(ledger, to, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `shrunk to ${to} members`);
}
