import { describe, expect, test } from "vitest";
import type { JetClusterStatus } from "../../../../src/api/jet-cluster.ts";
import { changesOf } from "../../../../src/core/status/changes.ts";

type Said = readonly [status: "True" | "False" | "Unknown", reason: string];

function status(ready: Said, stalled: Said = ["False", "Progressing"], operation?: string): JetClusterStatus {
  const condition = (type: string, [value, reason]: Said) => ({
    ...{ type, status: value, reason, message: `${reason}.`, lastTransitionTime: "2026-01-01T12:00:00Z" },
  });
  return {
    conditions: [condition("Ready", ready), condition("Stalled", stalled)],
    ...(operation && { operation: { kind: operation, step: "Replacing", startedAt: "2026-01-01T12:00:00Z" } }),
  };
}

const isReady = status(["True", "Ready"]);
const refused = status(["False", "JobsWouldStrand"], ["True", "JobsWouldStrand"]);
const rolling = status(["False", "Rolling"], undefined, "Roll");
const stuck = status(["False", "Rolling"], ["True", "PodsNotReady"], "Roll");

const cases: [string, JetClusterStatus | undefined, JetClusterStatus, string[]][] = [
  ["the first word about a cluster is no warning", undefined, status(["False", "Forming"]), ["Normal Forming"]],
  ["a cluster that becomes ready", rolling, isReady, ["Normal Ready"]],
  ["a member that is missing", isReady, status(["False", "PodsNotReady"]), ["Warning PodsNotReady"]],
  ["the same as before, nothing", isReady, isReady, []],
  ["what is about to be done, nothing: it is told once it is done", isReady, status(["False", "Reconciling"]), []],
  ["a wait before an operation that was asked for", isReady, status(["False", "BudgetOpen"]), ["Normal BudgetOpen"]],
  ["an operation that began", isReady, rolling, ["Normal Rolling"]],
  ["a refusal, once", isReady, refused, ["Warning JobsWouldStrand"]],
  ["an operation that goes no further", rolling, stuck, ["Warning PodsNotReady"]],
  ["one that still goes no further, nothing", stuck, stuck, []],
];

describe("changes of status that are told as events", () => {
  test.each(cases)("%s", (_, before, after, told) => {
    expect(changesOf(before, after).map(({ type, reason }) => `${type} ${reason}`)).toEqual(told);
  });
});
