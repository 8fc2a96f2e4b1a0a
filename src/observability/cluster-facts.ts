import type { JetCluster, JetClusterStatus } from "../api/jet-cluster.ts";

/** What is exported about one JetCluster: plain facts, told by the controller after each pass. */
export interface ClusterFacts {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** Pods asked of the StatefulSet. */
  readonly membersWanted: number;
  readonly membersReady: number;
  /** Distinct member lists that members hold: 0 = nobody answered, 1 = as it should be. */
  readonly views: number;
  readonly clusterState: string | undefined;
  readonly quorum: { readonly base: number; readonly needed: number; readonly live: number } | undefined;
  readonly operation: { readonly kind: string; readonly startedAtMillis: number } | undefined;
  /** Of an archive that is saved or restored. */
  readonly progress: { readonly step: string; readonly entries: number; readonly entriesTotal: number } | undefined;
  /** The newest verified one. */
  readonly archive:
    | { readonly bytes: number; readonly savedAtMillis: number; readonly seconds: number | undefined }
    | undefined;
  readonly conditions: readonly { readonly type: string; readonly status: "True" | "False" | "Unknown" }[];
  readonly blockedBy: readonly string[];
  readonly jobs: Readonly<Record<string, number>>;
  /** Jobs with large state by whether their snapshots hold all of it. */
  readonly snapshots: Readonly<Record<string, number>>;
  /** Jobs whose snapshots do not. */
  readonly incomplete: readonly IncompleteSnapshot[];
}

type JobStatus = NonNullable<JetClusterStatus["jobs"]>[number];

interface IncompleteSnapshot {
  /** Its name, or its id where it has none. */
  readonly job: string;
  readonly emitted: number;
  readonly stored: number;
}

/** The facts that a status tells. */
export function clusterFacts({ metadata }: JetCluster, status: JetClusterStatus): ClusterFacts {
  const { operation, archive } = status;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    version: status.version ?? "",
    membersWanted: status.replicas ?? 0,
    membersReady: status.readyMembers ?? 0,
    views: status.views?.length ?? (status.members?.some((member) => member.uuid !== undefined) ? 1 : 0),
    clusterState: status.clusterState,
    quorum: status.quorum,
    operation: operation && { kind: operation.kind, startedAtMillis: Date.parse(operation.startedAt) },
    progress: operation?.progress,
    archive: archive && {
      bytes: archive.bytes,
      savedAtMillis: Date.parse(archive.savedAt),
      seconds: archive.seconds,
    },
    conditions: status.conditions ?? [],
    blockedBy: (status.blockedBy ?? []).map(({ check }) => check),
    jobs: countBy((status.jobs ?? []).map((job) => job.status)),
    snapshots: countBy((status.jobs ?? []).flatMap(({ snapshot }) => snapshot?.state ?? [])),
    incomplete: (status.jobs ?? []).flatMap(incompleteSnapshot),
  };
}

function incompleteSnapshot({ id, name, snapshot }: JobStatus): IncompleteSnapshot[] {
  const { emitted, stored } = snapshot ?? {};
  return emitted === undefined || stored === undefined ? [] : [{ job: name ?? id, emitted, stored }];
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
