import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { inSomeView, viewsOf } from "../evidence/views.ts";
import { beginGrow, finish, type Ledger, type LedgerOperation, withdrawGrow } from "../ledger.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import { type Step, wait } from "./step.ts";

/**
 * Adds all new members in one write: one batch is one restart of each job. Seed: "ensure there is no split-brain
 * condition at the moment you are introducing new members", else both halves may grow past half.
 */
export function grow(observation: Observation, ledger: Ledger, target: number): Step {
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return wait(unmet);
  const from = observation.statefulSet?.replicas ?? 0;
  const next = beginGrow(ledger, { from, to: target }, timeOf(observation));
  return effect(
    observation,
    { kind: "Scale", from, to: target, ledger: next },
    `growing from ${from} to ${target} members`,
  );
}

/** Waits for the new members; takes back those that never joined when the user no longer wants them. */
export function continueGrow(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  if (operation.step === "Joining" && mayWithdraw(observation, operation)) {
    const next = withdrawGrow(ledger, timeOf(observation));
    return effect(
      observation,
      { kind: "Scale", from: operation.to, to: operation.from, ledger: next },
      `taking back pods that never joined: ${operation.from} members again`,
    );
  }
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return wait(unmet);
  const size = operation.step === "Withdrawing" ? operation.from : operation.to;
  return effect(
    observation,
    { kind: "WriteLedger", ledger: finish(ledger, size, timeOf(observation)) },
    operation.step === "Withdrawing" ? `back to ${size} members` : `grown to ${size} members`,
  );
}

/** No new pod's member ever joined, as far as every member that has joined says; and one of them must say something. */
function mayWithdraw(observation: Observation, operation: LedgerOperation): boolean {
  if (wantedSize(observation.cluster.spec) >= operation.to || operation.from === 0) return false;
  const views = viewsOf(observation);
  const old = observation.pods.filter((pod) => pod.ordinal < operation.from);
  const fresh = observation.pods.filter((pod) => pod.ordinal >= operation.from);
  const oldAllKnown =
    old.length === operation.from && old.every((pod) => observation.members.some((m) => m.podUid === pod.uid && m.known));
  return oldAllKnown && fresh.every((pod) => !inSomeView(pod, views) && !pod.ready);
}
