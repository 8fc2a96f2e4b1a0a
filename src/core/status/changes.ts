import type { Condition, JetClusterStatus } from "../../api/jet-cluster.ts";

/** What people are told when status changes. */
export interface StatusChange {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Waits of the operator's own that end by themselves, before something that was asked for begins. */
const ownWaits = ["Suspended", "BudgetOpen"];

/** What is worth an event: each change of Ready, and an operation that goes no further. */
export function changesOf(before: JetClusterStatus | undefined, after: JetClusterStatus): StatusChange[] {
  return [readyChange(before, after), stall(before, after)].filter((change) => change !== undefined);
}

/** A cluster that is not ready because the operator changes it is no warning; what it is about to do is told once it is done. */
function readyChange(before: JetClusterStatus | undefined, after: JetClusterStatus): StatusChange | undefined {
  const now = conditionOf(after, "Ready");
  const then = conditionOf(before, "Ready");
  if (!now || now.reason === "Reconciling" || (now.status === then?.status && now.reason === then.reason)) return;
  const ours = after.operation !== undefined || ownWaits.includes(now.reason);
  const expected = now.status === "True" || then === undefined || ours;
  return { type: expected ? "Normal" : "Warning", reason: now.reason, message: now.message };
}

/** Only one that Ready does not name: while an operation is under way, Ready says no more than that. */
function stall(before: JetClusterStatus | undefined, after: JetClusterStatus): StatusChange | undefined {
  const now = conditionOf(after, "Stalled");
  const then = conditionOf(before, "Stalled");
  if (now?.status !== "True" || now.reason === conditionOf(after, "Ready")?.reason) return undefined;
  if (then?.status === "True" && then.reason === now.reason) return undefined;
  return { type: "Warning", reason: now.reason, message: now.message };
}

function conditionOf(status: JetClusterStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
