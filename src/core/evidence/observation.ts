import type { JetCluster } from "../../api/jet-cluster.ts";
import type { LedgerReading, Stamp } from "../ledger.ts";
import type { ArchiveFacts } from "./archive.ts";
import type { ProgressFacts } from "./archive-progress.ts";
import type { Engine } from "./capabilities.ts";
import type { StateFacts } from "./state-size.ts";

/** Milliseconds since the epoch. */
export type Millis = number;

/** All that a decision may rest on: what one pass saw, with its time. Plain data, so that a test or a simulation can make it up. */
export interface Observation {
  readonly now: Millis;
  readonly cluster: JetCluster;
  readonly engine: Engine;
  readonly statefulSet: StatefulSetFacts | undefined;
  readonly pods: readonly PodFacts[];
  readonly claims: readonly ClaimFacts[];
  /** Undefined unless the state is saved to an archive when the cluster stops, or a stopped cluster was. */
  readonly archive: ArchiveFacts | undefined;
  /** Of the Job that saves or restores; undefined where there is none at work. */
  readonly archiveProgress: ProgressFacts | undefined;
  /** How much a stop would save to the archive, asked seldom; undefined where it was not asked yet, or is not needed. */
  readonly stateSize: StateFacts | undefined;
  /** One for each pod that has an address, asked in this pass or a few seconds ago. */
  readonly members: readonly MemberFacts[];
  /** What the engine says of its jobs; undefined where it was not asked in this pass. */
  readonly jobs: JobsFacts | undefined;
  /** Smaller sides of a split, where the user wants their jobs suspended (`splitBrain.minority: SuspendJobs`). */
  readonly sides: readonly SideFacts[];
  /** The PodDisruptionBudget as the API server's controller has taken it up. */
  readonly budget: BudgetFacts | undefined;
  /** The namespace is being deleted: nothing can be created in it any more. */
  readonly namespaceTerminating: boolean;
  /** Objects that carry the name of a child of ours but belong to somebody else: `Kind/name`. */
  readonly namesTaken: readonly string[];
  /** Writes of ours that the API server, or changes of state that the engine, would not take when they were last tried. */
  readonly refused: readonly Refusal[];
  /** What Kubernetes' events say of pods and claims that have long been wanting; nothing at rest. */
  readonly troubles: readonly Trouble[];
  /** Hash of the part of the spec that the pods are made from, as this operator computes it. */
  readonly specHash: string;
  /** Hash of what all members must share, so that a change of it cannot be rolled out member by member. */
  readonly restartHash: string;
  /** Hash of the pod template that this operator would write. */
  readonly templateHash: string;
}

export interface Refusal {
  /** `Kind/name`. */
  readonly object: string;
  /** Kind of the effect that it was; absent for a child that is put right at any time. */
  readonly effect?: string;
  /** The sentence of who refused it. */
  readonly says: string;
}

export interface Trouble {
  /** `Kind/name`. */
  readonly object: string;
  /** The event's reason and message. */
  readonly says: string;
}

export interface StatefulSetFacts {
  readonly uid: string;
  readonly replicas: number;
  readonly deleting: boolean;
  readonly ledger: LedgerReading;
  /** The annotation as it stands, for the `test` of the next patch. */
  readonly ledgerText: string | undefined;
  readonly specHash: string | undefined;
  readonly restartHash: string | undefined;
  /** What its members call their cluster. */
  readonly clusterName: string | undefined;
  readonly templateHash: string | undefined;
}

export interface BudgetFacts {
  readonly maxUnavailable: number;
  /** The disruption controller has taken up this very budget: evictions are judged by it. */
  readonly inForce: boolean;
}

export interface PodFacts {
  readonly name: string;
  readonly ordinal: number;
  readonly uid: string;
  readonly address: string | undefined;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** End of the grace period of a terminating pod. */
  readonly goneBy: Millis | undefined;
  /** Its node has stopped reporting: nobody knows whether it runs. */
  readonly nodeLost: boolean;
  readonly createdAt: Millis;
  readonly templateHash: string | undefined;
  /** What keeps it from running, in the words of the scheduler or the kubelet. */
  readonly trouble: string | undefined;
}

export interface ClaimFacts {
  readonly name: string;
  readonly uid: string;
  readonly ordinal: number;
  readonly bound: boolean;
  /** Made from a snapshot or another volume: bound or not, it does not stay empty. */
  readonly restored: boolean;
  readonly deleting: boolean;
  /** Storage that it asks for, as written. */
  readonly requested: string | undefined;
  readonly stamp: Stamp | undefined;
  /** True when an owner reference lets the garbage collector take it with the JetCluster. */
  readonly tied: boolean;
}

export type ClusterState = "ACTIVE" | "NO_MIGRATION" | "FROZEN" | "PASSIVE" | "IN_TRANSITION";

export interface SeenMember {
  readonly uuid: string;
  readonly address: string;
}

/** What one member said, or that it said nothing. An unknown member is never taken for a dead one. */
export type MemberFacts = { readonly pod: string; readonly podUid: string } & (
  | { readonly known: false; readonly reason: string }
  | {
      readonly known: true;
      readonly uuid: string;
      /** Its own view in join order: the first is the master. */
      readonly view: readonly SeenMember[];
      /** Undefined where the engine cannot say (before 5.2). */
      readonly joinedByOwnWord: boolean | undefined;
      readonly nodeState: string;
      readonly clusterState: ClusterState;
      readonly safe: boolean;
      readonly migrations: number;
    }
);

export type KnownMember = Extract<MemberFacts, { known: true }>;

type JobStatus =
  | "NOT_RUNNING"
  | "STARTING"
  | "RUNNING"
  | "SUSPENDED"
  | "SUSPENDED_EXPORTING_SNAPSHOT"
  | "COMPLETING"
  | "FAILED"
  | "COMPLETED"
  /** One that this operator does not know: nothing is done to such a job. */
  | "UNKNOWN";

/**
 * What is known of a job's last snapshots: with large ones the engine loses entries without an error. Numbers are of
 * entries, over all the snapshots compared. `chunks`: what the last snapshot was stored in.
 */
export type Completeness =
  /** No state, no snapshot yet, or too small for anything to get lost. */
  | { readonly kind: "Small"; readonly chunks: number }
  | { readonly kind: "Complete"; readonly chunks: number; readonly emitted: number; readonly stored: number }
  | { readonly kind: "Incomplete"; readonly chunks: number; readonly emitted: number; readonly stored: number }
  /** Large, and not compared yet, or nothing can be compared. */
  | { readonly kind: "Unchecked"; readonly chunks: number; readonly why: string; readonly since: Millis };

export interface JobFacts {
  readonly id: string;
  readonly name: string | undefined;
  readonly status: JobStatus;
  /** Split-brain protection; undefined where the configuration could not be read. */
  readonly protected: boolean | undefined;
  /** Members without which the engine will not start it: a ratchet; 0 for an unprotected job. */
  readonly quorum: number | undefined;
  /** A job without a processing guarantee has no snapshot, and so no state that an operation could lose. */
  readonly keepsState: boolean | undefined;
  /**
   * Why it is suspended, in the engine's words. Empty: on somebody's request, or because a member was lost and the job does
   * not scale by itself; the engine says the same of both (seen on real engines), see evidence/suspension.ts.
   */
  readonly suspension: string | undefined;
  /** Why it failed, in the engine's words; undefined where it has not, or the engine does not say (before 5.2). */
  readonly failure: string | undefined;
  /** False: the engine does not start it again by itself after it has lost a member or its master. */
  readonly autoScaling: boolean | undefined;
  /** Milliseconds between two snapshots. */
  readonly snapshotInterval: Millis | undefined;
  readonly snapshot: SnapshotFacts | undefined;
  /** When its record last changed, by the master's clock: for a suspended job, when it was suspended. */
  readonly recordedAt: Millis | undefined;
  /** Its snapshot when it was last seen neither suspended nor on its way there; undefined where this process never saw that. */
  readonly lastActive: { readonly snapshot: SnapshotFacts | undefined } | undefined;
  /** Whether its snapshots hold all of its state. */
  readonly completeness: Completeness;
}

/** The last snapshot that was finished, by the clock of the master of that time. */
export interface SnapshotFacts {
  readonly id: number;
  readonly startedAt: Millis;
  readonly endedAt: Millis;
}

/** What one side of a split says of its jobs. */
export interface SideFacts {
  /** UUIDs of its members. */
  readonly members: readonly string[];
  readonly jobs: JobsFacts;
}

/** A list counts once two equal ones came from the same cluster and master: one empty list proves nothing. */
export type JobsFacts =
  | { readonly known: false; readonly reason: string }
  | { readonly known: true; readonly clusterId: string | undefined; readonly jobs: readonly JobFacts[] };
