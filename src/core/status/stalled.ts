import { type Assessment, explain, type Verdict } from "./assessment.ts";

/** After this long without an end a wait counts as stalled: pods, volumes and joins normally take seconds to a few minutes. */
export const waitDeadlineMillis = 600_000;

/** Abnormal-true (kstatus): goes no further without a person, or has waited longer than such a step should take. */
export function stalled(a: Assessment): Verdict {
  const type = "Stalled";
  const first = a.unmet[0];
  if (a.step.kind === "blocked" && first) {
    return { type, status: "True", reason: first.check, message: explain(first) };
  }
  if (first && !isCopying(a, first.check) && waitedMillis(a, first.check) > waitDeadlineMillis) {
    return {
      type,
      status: "True",
      reason: first.check,
      message: `Waiting for more than ${waitDeadlineMillis / 60_000} minutes: ${explain(first)}`,
    };
  }
  return { type, status: "False", reason: "Progressing", message: "Nothing stands in the way." };
}

/** It moves, and ends by itself when it does not: by the time that its user allows, and by the Job's own patience. */
function isCopying({ observation }: Assessment, check: string): boolean {
  return observation.archiveProgress?.known === true && (check === "Archiving" || check === "Restoring");
}

/** Since when the same check has held the cluster up, as status remembers it. */
function waitedMillis(a: Assessment, check: string): number {
  const since = a.cluster.status?.blockedBy?.find((b) => b.check === check)?.since;
  return since === undefined ? 0 : a.observation.now - Date.parse(since);
}
