import type { ExecutionRecord, JobConfig } from "../engine/job-data.ts";
import type { JobId } from "../engine/job-id.ts";
import type { Job } from "../engine/jobs.ts";
import { liveJobs, type OpenCluster, told } from "./cluster.ts";
import { executionRecordsMap, type LeftOut, recordsMap, snapshotMap } from "./contents.ts";
import type { ArchivedJob } from "./manifest.ts";
import { ArchiveRefusedError } from "./refusal.ts";

/** A job as it was before the stop began. */
export interface NotedJob {
  readonly id: JobId;
  /** As the engine named it: RUNNING, SUSPENDED … */
  readonly status: string;
}

export interface SuspendedJob {
  readonly archived: ArchivedJob;
  readonly record: ExecutionRecord;
}

const again = "set the cluster ACTIVE, resume what ran, and stop again";

/** The jobs of the cluster, all of them suspended and noted before. @throws ArchiveRefusedError */
export async function suspendedJobs(cluster: OpenCluster, noted: readonly NotedJob[]): Promise<SuspendedJob[]> {
  const listed = (await liveJobs(cluster)).filter(({ light }) => !light);
  for (const { id, name, status } of listed) {
    if (status === "SUSPENDED") continue;
    throw new ArchiveRefusedError("JobNotSuspended", `job ${name ?? id} is ${status}, not SUSPENDED`, again);
  }
  const before = new Map(noted.map(({ id, status }) => [id, status]));
  const [address] = cluster.access.members;
  if (!address) return [];
  const asked = { address, clusterName: cluster.access.clusterName };
  const ids = listed.map(({ id }) => id);
  const details = told(await cluster.jobs.details(asked, ids, cluster.signal), "details of the jobs");
  return listed.map((job) => {
    const { config, record } = details.get(job.id) ?? {};
    if (!config || !record) throw new Error(`job ${job.id}: no details`);
    return suspendedJob(job, told(config, `configuration of job ${job.id}`), {
      record: told(record, `record of job ${job.id}`),
      statusBefore: before.get(job.id),
    });
  });
}

function suspendedJob(
  { id, name }: Job,
  config: JobConfig,
  { record, statusBefore }: { record: ExecutionRecord | undefined; statusBefore: string | undefined },
): SuspendedJob {
  if (statusBefore === undefined) {
    throw new ArchiveRefusedError("JobNotNoted", `job ${name ?? id} came after the jobs were noted`, again);
  }
  if (!record) {
    const observed = `job ${name ?? id} has no execution record: restored, it would start from nothing`;
    throw new ArchiveRefusedError("JobRecordsIncomplete", observed, again);
  }
  const { quorumSize: quorum } = record;
  const named = name === undefined ? {} : { name };
  return { record, archived: { id, ...named, statusBefore, protected: config.splitBrainProtection, quorum } };
}

/** Jobs that nothing can be kept of. */
export async function lightJobs(cluster: OpenCluster): Promise<LeftOut[]> {
  const light = (await liveJobs(cluster)).filter((job) => job.light);
  const reason = "the engine keeps neither a record nor snapshots of it";
  return light.map(({ id, name }) => ({ name: name ?? id, kind: "light job", reason }));
}

/** What was copied, by the map's name. */
export interface CopiedMaps {
  entries(map: string): number;
  /** Keys of one of the engine's maps of records. */
  jobIds(map: string): ReadonlySet<JobId>;
}

/**
 * Each job listed has both its records in the copy, nobody else has one, and its last snapshot is there to the last chunk.
 * @throws ArchiveRefusedError
 */
export function checkJobs(jobs: readonly SuspendedJob[], copied: CopiedMaps): void {
  const records = copied.jobIds(recordsMap);
  const executionRecords = copied.jobIds(executionRecordsMap);
  for (const { archived, record } of jobs) {
    const { id, name = id } = archived;
    if (!records.has(id) || !executionRecords.has(id)) {
      throw new ArchiveRefusedError("JobRecordsIncomplete", `a record of job ${name} is missing in the copy`, again);
    }
    checkSnapshot(name, id, record, copied);
  }
  if (records.size !== jobs.length) {
    const observed = `the cluster has records of ${records.size} jobs and lists ${jobs.length}`;
    throw new ArchiveRefusedError("JobRecordsIncomplete", observed, again);
  }
}

/** The map holds the snapshot's chunks and one entry that says it is whole. */
function checkSnapshot(name: string, id: JobId, record: ExecutionRecord, copied: CopiedMaps): void {
  const { snapshot, exportedSnapshotName } = record;
  if (!snapshot?.stats) return;
  const map =
    exportedSnapshotName === undefined ? snapshotMap(id, snapshot.dataMapIndex) : exportedMap(exportedSnapshotName);
  const needed = snapshot.stats.chunks + 1;
  const found = copied.entries(map);
  if (found === needed) return;
  const observed = `snapshot ${snapshot.id} of job ${name} has ${needed} entries by its record, and ${found} in the copy`;
  throw new ArchiveRefusedError("SnapshotIncomplete", observed, again);
}

/** 5.x keeps the snapshot's name, 4.x the map's. */
function exportedMap(name: string): string {
  return name.startsWith("__jet.") ? name : `__jet.exportedSnapshot.${name}`;
}
