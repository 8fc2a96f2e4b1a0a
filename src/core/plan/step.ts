import type { ArchiveTask } from "../desired/archive-job.ts";
import type { ClusterState } from "../evidence/observation.ts";
import type { Ledger } from "../ledger.ts";

/** What justified an effect; the driver compares it with a fresh look right before it acts. */
export interface Evidence {
  readonly clusterUid: string;
  /** Of the spec: an edit in between is planned for anew. */
  readonly generation: number | undefined;
  readonly statefulSetUid: string | undefined;
  readonly ledgerEpoch: number | undefined;
  /** The view that was whole, or undefined where none is needed. */
  readonly view: string | undefined;
}

export type Effect =
  | { readonly kind: "CreateStatefulSet"; readonly replicas: number; readonly ledger: Ledger }
  /**
   * Replicas and ledger in one patch, tested on uid, old ledger and old replicas. `provided`: the cluster state that every
   * member must still tell of when it is asked directly before.
   */
  | {
      readonly kind: "Scale";
      readonly from: number;
      readonly to: number;
      readonly ledger: Ledger;
      readonly provided?: ClusterState;
    }
  | { readonly kind: "WriteLedger"; readonly ledger: Ledger }
  /** The configuration files, then pod template, hashes and ledger in one patch. */
  | { readonly kind: "WriteTemplate"; readonly ledger: Ledger }
  /** Gracefully, with the pod's uid as precondition. */
  | { readonly kind: "DeletePod"; readonly name: string; readonly uid: string }
  | { readonly kind: "DeleteClaim"; readonly name: string; readonly uid: string }
  | { readonly kind: "ChangeClusterState"; readonly to: "ACTIVE" | "PASSIVE" }
  /** `through`: uuid of a member of the side of a split that is meant; any member where there is one view. */
  | { readonly kind: "SuspendJob"; readonly job: string; readonly through?: string }
  | { readonly kind: "ResumeJob"; readonly job: string }
  | { readonly kind: "SetJobProtection"; readonly job: string; readonly protection: "On" | "Off" }
  /** The Kubernetes Job that saves to the archive's volume, or restores from it. */
  | { readonly kind: "CreateArchiveJob"; readonly task: ArchiveTask }
  /** With its pod, whatever it does: what it wrote is no archive without its last word. */
  | { readonly kind: "DeleteArchiveJob"; readonly name: string; readonly uid: string }
  | { readonly kind: "AddFinalizer" }
  | { readonly kind: "RemoveFinalizer" };

/** Why a step may not be taken now, and what helps. */
export interface Unmet {
  /** A reason in CamelCase; docs/troubleshooting.md has a paragraph for each. */
  readonly check: string;
  readonly observed: string;
  readonly needed: string;
  readonly remedy: string;
}

export type Step =
  | { readonly kind: "effect"; readonly effect: Effect; readonly because: Evidence; readonly says: string }
  /** Something is under way and needs time. */
  | { readonly kind: "wait"; readonly for: Unmet }
  /** Goes no further without a person. */
  | { readonly kind: "blocked"; readonly by: readonly Unmet[] }
  | { readonly kind: "done" };

export const done: Step = { kind: "done" };

export function blocked(...by: readonly Unmet[]): Step {
  return { kind: "blocked", by };
}

export function wait(unmet: Unmet): Step {
  return { kind: "wait", for: unmet };
}

/** Checks that no waiting ends: somebody has to do something. */
const needAPerson: readonly string[] = [
  "ForeignClusterState",
  "PassiveSide",
  "NodeUnreachable",
  "VolumesMissing",
  "JobsWouldStrand",
  "NotLossless",
  "StateLost",
  "SnapshotIncomplete",
  "SnapshotsTooLarge",
  "SnapshotsTogether",
  "ArchiveVolumeMissing",
  "TooFewForJobs",
  "ArchiveOfOtherVersion",
  "MinorVersionChanged",
  "RestartWaits",
  "ForeignJobs",
  "RestoreFailed",
];

/** Blocked or waited for, by what it is. */
export function hold(unmet: Unmet): Step {
  return needAPerson.includes(unmet.check) ? blocked(unmet) : wait(unmet);
}
