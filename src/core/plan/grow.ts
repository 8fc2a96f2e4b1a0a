import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { hostOf, viewsOf } from "../evidence/views.ts";
import { wantsNobody } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginGrow, finish, withdrawGrow } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, jobsKnown, safe, settled } from "./gates.ts";
import { isIdleBelow } from "./idle-pods.ts";
import { shrink } from "./shrink.ts";
import { hold, type Step } from "./step.ts";
import { jobsWouldStrand } from "./suspend-jobs.ts";

/**
 * Adds all new members in one write: one batch is one restart of each job. Seed: "ensure there is no split-brain
 * condition at the moment you are introducing new members", else both halves may grow past half.
 */
export function grow(observation: Observation, ledger: Ledger, target: number): Step {
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return hold(unmet);
  const from = observation.statefulSet?.replicas ?? 0;
  const next = beginGrow(ledger, { from, to: target }, timeOf(observation));
  return effect(
    observation,
    { kind: "Scale", from, to: target, ledger: next },
    `growing from ${from} to ${target} members`,
  );
}

/**
 * Waits for the new members; takes back those that never joined when the user no longer wants them, one pod at a time:
 * a member that joins at the very moment of the write is then one graceful leave, not several at once.
 */
export function continueGrow(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  if (mayWithdraw(observation, operation)) return withdraw(observation, ledger, operation);
  const less = sizeWithoutIdle(observation, operation);
  if (less !== undefined) return shrink(observation, ledger, less);
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return hold(unmet);
  const size = operation.to;
  return effect(
    observation,
    { kind: "WriteLedger", ledger: finish(ledger, size, timeOf(observation)) },
    operation.step === "Withdrawing" ? `back to ${size} members` : `grown to ${size} members`,
  );
}

/** It may have been a member for a while and gone again: a job that has seen so many would never start with fewer. */
function withdraw(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const survives = (seen: Observation) => jobsWouldStrand(seen, sizeAfter(seen, operation), []);
  const unmet = firstUnmet(observation, [jobsKnown, survives]);
  if (unmet) return hold(unmet);
  const keep = operation.to - 1;
  return effect(
    observation,
    { kind: "Scale", from: operation.to, to: keep, ledger: withdrawGrow(ledger, keep, timeOf(observation)) },
    `taking back a pod that is no member: ${keep} members`,
  );
}

/** What is left of a growth that is not wanted any more. */
function sizeAfter(observation: Observation, { from }: LedgerOperation): number {
  return wantsNobody(observation) ? from : Math.max(wantedSize(observation.cluster.spec), from);
}

/**
 * The last pod's member is in nobody's view, as every old member says. Their views may hold none but pods of smaller ordinal:
 * an address that is not among the pods we see may be the last pod's, when the cache of pods lags.
 */
function mayWithdraw(observation: Observation, operation: LedgerOperation): boolean {
  const { from, to } = operation;
  if (from === 0 || to <= from) return false;
  if (wantedSize(observation.cluster.spec) >= to && !wantsNobody(observation)) return false;
  const old = observation.pods.filter((pod) => pod.ordinal < from);
  const oldAllKnown =
    old.length === from && old.every((pod) => observation.members.some((m) => m.podUid === pod.uid && m.known));
  const last = observation.pods.filter((pod) => pod.ordinal >= to - 1);
  const kept = new Set(observation.pods.filter((pod) => pod.ordinal < to - 1).map((pod) => pod.address));
  const seen = viewsOf(observation).views.flatMap((view) => view.members);
  return oldAllKnown && last.every((pod) => !pod.ready) && seen.every((member) => kept.has(hostOf(member.address)));
}

/**
 * The user wants fewer again, and one that is to go never came, while members above it did: these leave as in any shrink.
 * Q stays raised until that has ended.
 */
function sizeWithoutIdle(observation: Observation, operation: LedgerOperation): number | undefined {
  const { from, to } = operation;
  const wanted = sizeAfter(observation, operation);
  return from > 0 && wanted < to && isIdleBelow(observation, wanted) ? wanted : undefined;
}
