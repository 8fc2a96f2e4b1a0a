import type { Ledger, LedgerOperation } from "./ledger.ts";

/** The acceptance that a change uses up, if it does: it counts once. */
export function usedUp(accepted: string | undefined): Pick<Ledger, "accepted"> {
  return accepted === undefined ? {} : { accepted };
}

/** An operation whose new members are all asked for at once. @param startedAt ISO 8601. */
export function joining(kind: "Form" | "Grow" | "Start", from: number, to: number, startedAt: string): LedgerOperation {
  return { kind, from, to, replicas: to, step: "Joining", startedAt };
}

/** @throws Error when another operation is under way, or none: a mistake of the planner. */
export function operationOf(ledger: Ledger, kind: LedgerOperation["kind"]): LedgerOperation {
  if (ledger.operation?.kind !== kind) throw new Error(`no ${kind} is under way`);
  return ledger.operation;
}

/** The next ledger: the epoch grows by one with each write. */
export function advanced(ledger: Ledger): Ledger {
  return { ...ledger, epoch: ledger.epoch + 1 };
}
