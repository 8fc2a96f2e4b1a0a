import { type Assessment, largest, type Verdict } from "./assessment.ts";

/** False names the islands of a split; Unknown while members join or do not answer. */
export function singleView(a: Assessment): Verdict {
  const type = "SingleView";
  const { views, joining, unknown } = a.views;
  if (views.length > 1) {
    const islands = views.map((v) => `{${v.heldBy.join(", ")}} see ${v.members.length}`).join("; ");
    return { type, status: "False", reason: "ViewsDiffer", message: `${islands}.` };
  }
  const size = a.observation.statefulSet?.replicas ?? 0;
  const seen = largest(a.views)?.members.length ?? 0;
  if (joining.length > 0 || seen !== size) {
    return { type, status: "Unknown", reason: "Converging", message: `${seen} of ${size} members in one view.` };
  }
  if (unknown.length > 0) {
    return { type, status: "Unknown", reason: "MembersUnknown", message: `No answer of ${unknown.join(", ")}.` };
  }
  return { type, status: "True", reason: "OneView", message: `All members see the same ${size} members.` };
}
