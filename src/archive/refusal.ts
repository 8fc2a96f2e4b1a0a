/** Why a save or a restore did not begin, or stopped: something about the cluster that trying again at once cannot change. */
export class ArchiveRefusedError extends Error {
  /** One word, by which docs/troubleshooting.md explains it. */
  readonly reason: RefusalReason;
  readonly remedy: string;

  constructor(reason: RefusalReason, observed: string, remedy: string) {
    super(`${observed}; ${remedy}`);
    this.name = "ArchiveRefusedError";
    this.reason = reason;
    this.remedy = remedy;
  }
}

export type RefusalReason =
  | "ClusterState"
  | "ClusterChanged"
  | "ContentChanged"
  | "JobNotSuspended"
  | "JobNotNoted"
  | "JobRecordsIncomplete"
  | "SnapshotIncomplete"
  | "SameCluster"
  | "EngineVersion"
  | "OtherJobs"
  | "JobWentOn"
  | "NotTakenOver"
  | "NotAllWritten";
