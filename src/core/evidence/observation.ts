import type { JetCluster } from "../../api/jet-cluster.ts";
import type { LedgerReading, Stamp } from "../ledger.ts";
import type { Engine } from "./capabilities.ts";

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
  /** One for each pod that has an address, asked in this pass or a few seconds ago. */
  readonly members: readonly MemberFacts[];
  /** Objects that carry the name of a child of ours but belong to somebody else: `Kind/name`. */
  readonly namesTaken: readonly string[];
  /** Hash of the part of the spec that the pods are made from, as this operator computes it. */
  readonly specHash: string;
  /** Hash of the pod template that this operator would write. */
  readonly templateHash: string;
}

export interface StatefulSetFacts {
  readonly uid: string;
  readonly replicas: number;
  readonly deleting: boolean;
  readonly ledger: LedgerReading;
  /** The annotation as it stands, for the `test` of the next patch. */
  readonly ledgerText: string | undefined;
  readonly specHash: string | undefined;
  readonly templateHash: string | undefined;
}

export interface PodFacts {
  readonly name: string;
  readonly ordinal: number;
  readonly uid: string;
  readonly address: string | undefined;
  readonly ready: boolean;
  readonly terminating: boolean;
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
  readonly deleting: boolean;
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
