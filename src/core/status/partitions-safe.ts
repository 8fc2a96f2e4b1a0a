import type { Assessment, Verdict } from "./assessment.ts";

/** The engine's answer is local to the member asked, so every member must give it. */
export function partitionsSafe(a: Assessment): Verdict {
  const type = "PartitionsSafe";
  const { members } = a.observation;
  const unsafe = members.filter((m) => m.known && (!m.safe || m.migrations > 0)).map((m) => m.pod);
  if (unsafe.length > 0) {
    return { type, status: "False", reason: "BackupsMissing", message: `${unsafe.join(", ")} not safe yet.` };
  }
  const size = a.observation.statefulSet?.replicas ?? 0;
  if (size === 0 || members.filter((m) => m.known).length < size || a.views.joining.length > 0) {
    return { type, status: "Unknown", reason: "MembersUnknown", message: "Not every member has answered." };
  }
  return { type, status: "True", reason: "AllSafe", message: "Every member says that all backups are in place." };
}
