import type { Assessment, Verdict } from "./assessment.ts";

/** More than half of what the cluster was are in one view. */
export function quorumMet(a: Assessment): Verdict {
  const type = "QuorumMet";
  if (!a.quorum) return { type, status: "Unknown", reason: "NotFormed", message: "The cluster has not formed yet." };
  const { base, needed } = a.quorum;
  const message = `${a.live} members in one view, ${needed} needed (more than half of ${base}).`;
  if (a.live >= needed) return { type, status: "True", reason: "Quorum", message };
  if (a.views.unknown.length > 0) return { type, status: "Unknown", reason: "MembersUnknown", message };
  return { type, status: "False", reason: "QuorumLost", message };
}
