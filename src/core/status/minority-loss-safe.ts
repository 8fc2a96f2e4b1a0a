import { backupsForMinorityLoss } from "../evidence/quorum.ts";
import { wantedSize } from "../evidence/sizes.ts";
import type { Assessment, Verdict } from "./assessment.ts";

/** False while losing the smaller side of a split could take a job's record with it (seen on the real engine). */
export function minorityLossSafe(a: Assessment): Verdict {
  const type = "MinorityLossSafe";
  const size = a.observation.statefulSet?.replicas ?? wantedSize(a.cluster.spec);
  const needed = backupsForMinorityLoss(size);
  const { backupCount } = a.cluster.spec;
  if (backupCount >= needed) {
    return { type, status: "True", reason: "EnoughBackups", message: `backupCount ${backupCount}, ${needed} needed.` };
  }
  return {
    type,
    status: "False",
    reason: "TooFewBackups",
    message: `A split can take ${needed} of ${size} members away, backupCount is ${backupCount}: a job's record could be lost. Set spec.backupCount to ${needed} when creating the cluster.`,
  };
}
