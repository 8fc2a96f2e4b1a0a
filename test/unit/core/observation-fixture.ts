import {
  type JetClusterSpecInput,
  type JetClusterStatus,
  jetClusterSpec,
  type ObjectMeta,
} from "../../../src/api/jet-cluster.ts";
import { apiVersion, kind } from "../../../src/api/names.ts";
import type { ArchiveFacts } from "../../../src/core/evidence/archive.ts";
import { engineOf } from "../../../src/core/evidence/capabilities.ts";
import type {
  BudgetFacts,
  ClaimFacts,
  JobFacts,
  JobsFacts,
  KnownMember,
  MemberFacts,
  Observation,
  PodFacts,
  StatefulSetFacts,
} from "../../../src/core/evidence/observation.ts";
import { type Ledger, type LedgerReading, writeLedger } from "../../../src/core/ledger.ts";

export const now = Date.parse("2026-01-01T12:00:00.000Z");
export const clusterUid = "cluster-uid";

/** What a case is about; everything else is a settled, safe cluster of `size` members that has formed. */
export interface Case {
  readonly archive?: ArchiveFacts;
  readonly archiveProgress?: Observation["archiveProgress"];
  readonly stateSize?: Observation["stateSize"];
  /** Replicas of the StatefulSet; without it there is none. */
  readonly size?: number;
  readonly spec?: JetClusterSpecInput;
  readonly status?: JetClusterStatus;
  readonly metadata?: Partial<ObjectMeta>;
  readonly version?: string;
  /** Absent: the ledger of a formed cluster of `size`. */
  readonly ledger?: Ledger | LedgerReading;
  readonly statefulSet?: Partial<StatefulSetFacts>;
  /** Ordinals that have a pod; all below `size` unless said otherwise. */
  readonly pods?: readonly number[];
  readonly pod?: Readonly<Record<number, Partial<PodFacts>>>;
  /** Ordinals whose members see each other; one island of all pods unless said otherwise. The first is the master. */
  readonly islands?: readonly (readonly number[])[];
  /** Members that say something of their own: an answer, or why there is none. */
  readonly member?: Readonly<Record<number, Partial<KnownMember> | string>>;
  readonly claims?: readonly Partial<ClaimFacts>[];
  readonly namesTaken?: readonly string[];
  readonly refused?: Observation["refused"];
  readonly troubles?: Observation["troubles"];
  readonly specHash?: string;
  readonly restartHash?: string;
  readonly templateHash?: string;
  /** Jobs that the engine lists, or why it could not be asked; none unless said otherwise. */
  readonly jobs?: readonly Partial<JobFacts>[] | string;
  /** Smaller sides of a split that were asked for their jobs: ordinals, and what they list. */
  readonly sides?: readonly { readonly of: readonly number[]; readonly jobs: readonly Partial<JobFacts>[] | string }[];
  /** Closed and in force unless said otherwise. */
  readonly budget?: Partial<BudgetFacts>;
  readonly namespaceTerminating?: boolean;
}

export function observe(about: Case = {}): Observation {
  const ordinals = about.pods ?? Array.from({ length: about.size ?? 0 }, (_, ordinal) => ordinal);
  const pods = ordinals.map((ordinal) => podOf(ordinal, about));
  return {
    now,
    cluster: {
      apiVersion,
      kind,
      metadata: {
        name: "orders",
        namespace: "shop",
        uid: clusterUid,
        resourceVersion: "1",
        generation: 1,
        ...about.metadata,
      },
      spec: jetClusterSpec.parse({ replicas: about.size ?? 3, ...about.spec }),
      ...(about.status && { status: about.status }),
    },
    engine: engineOf(about.version ?? "5.7.0", "OpenSource"),
    statefulSet: about.size === undefined ? undefined : statefulSetOf(about.size, about),
    pods,
    archive: about.archive,
    archiveProgress: about.archiveProgress,
    stateSize: about.stateSize,
    claims: (about.claims ?? []).map(claimOf),
    members: pods.flatMap((pod) => (pod.address === undefined ? [] : [memberOf(pod, ordinals, about)])),
    jobs: about.jobs === undefined ? { known: true, clusterId: "cluster-id", jobs: [] } : jobsOf(about.jobs),
    sides: (about.sides ?? []).map((side) => ({ members: side.of.map(uuidOf), jobs: jobsOf(side.jobs) })),
    budget: { maxUnavailable: 0, inForce: true, ...about.budget },
    namespaceTerminating: about.namespaceTerminating ?? false,
    namesTaken: about.namesTaken ?? [],
    refused: about.refused ?? [],
    troubles: about.troubles ?? [],
    restartHash: about.restartHash ?? "restart",
    specHash: about.specHash ?? "spec",
    templateHash: about.templateHash ?? "template",
  };
}

/** The ledger of a cluster that has formed and rests. */
export function formed(size: number, more: Partial<Ledger> = {}): Ledger {
  return {
    v: 1,
    epoch: 4,
    uid: clusterUid,
    version: "5.7.0",
    quorumBase: Math.max(1, size),
    formedSize: Math.max(1, size),
    members: Array.from({ length: size }, (_, ordinal) => uuidOf(ordinal)),
    clusterId: "cluster-id",
    ...more,
  };
}

export function uuidOf(ordinal: number): string {
  return `uuid-${ordinal}`;
}

export function addressOf(ordinal: number): string {
  return `10.0.0.${ordinal + 1}`;
}

export function seen(...ordinals: readonly number[]): { uuid: string; address: string }[] {
  return ordinals.map((ordinal) => ({ uuid: uuidOf(ordinal), address: `[${addressOf(ordinal)}]:5701` }));
}

function statefulSetOf(size: number, about: Case): StatefulSetFacts {
  const said = about.ledger ?? formed(size);
  const ledger: LedgerReading = "kind" in said ? said : { kind: "ledger", ledger: said };
  return {
    uid: "statefulset-uid",
    replicas: size,
    deleting: false,
    ledger,
    ledgerText: ledger.kind === "ledger" ? writeLedger(ledger.ledger) : undefined,
    specHash: "spec",
    restartHash: "restart",
    clusterName: "orders",
    templateHash: "template",
    ...about.statefulSet,
  };
}

function podOf(ordinal: number, about: Case): PodFacts {
  return {
    name: `orders-${ordinal}`,
    ordinal,
    uid: `pod-${ordinal}`,
    address: addressOf(ordinal),
    ready: true,
    terminating: false,
    goneBy: undefined,
    nodeLost: false,
    createdAt: now - 3_600_000,
    templateHash: "template",
    trouble: undefined,
    ...about.pod?.[ordinal],
  };
}

function memberOf(pod: PodFacts, all: readonly number[], about: Case): MemberFacts {
  const said = about.member?.[pod.ordinal];
  if (typeof said === "string") return { pod: pod.name, podUid: pod.uid, known: false, reason: said };
  const island = (about.islands ?? [all]).find((members) => members.includes(pod.ordinal)) ?? [pod.ordinal];
  return {
    pod: pod.name,
    podUid: pod.uid,
    known: true,
    uuid: uuidOf(pod.ordinal),
    view: seen(...island),
    joinedByOwnWord: true,
    nodeState: "ACTIVE",
    clusterState: "ACTIVE",
    safe: true,
    migrations: 0,
    ...said,
  };
}

function jobsOf(said: readonly Partial<JobFacts>[] | string): JobsFacts {
  if (typeof said === "string") return { known: false, reason: said };
  return { known: true, clusterId: "cluster-id", jobs: said.map(jobOf) };
}

function jobOf(job: Partial<JobFacts>, index: number): JobFacts {
  return {
    id: `job-${index}`,
    name: undefined,
    status: "RUNNING",
    protected: false,
    quorum: 0,
    keepsState: true,
    suspension: undefined,
    failure: undefined,
    autoScaling: true,
    snapshotInterval: 10_000,
    snapshot: undefined,
    recordedAt: undefined,
    lastActive: undefined,
    completeness: { kind: "Small", chunks: 1 },
    ...job,
  };
}

function claimOf(claim: Partial<ClaimFacts>, ordinal: number): ClaimFacts {
  return {
    name: `data-orders-${ordinal}`,
    uid: `claim-${ordinal}`,
    ordinal,
    bound: true,
    restored: false,
    deleting: false,
    requested: "10Gi",
    stamp: undefined,
    tied: false,
    ...claim,
  };
}
