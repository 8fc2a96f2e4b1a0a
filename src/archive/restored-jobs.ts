import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { JobId } from "../engine/job-id.ts";
import type { Job } from "../engine/jobs.ts";
import type { ClusterMaps, RawEntry } from "../engine/maps.ts";
import { readMapFile } from "./block-reader.ts";
import { liveJobs, type OpenCluster } from "./cluster.ts";
import { executionRecordsMap, recordsMap } from "./contents.ts";
import { executionRecordsOf, jobIdsOf } from "./job-records.ts";
import type { LoadOptions } from "./load-map.ts";
import { ArchiveRefusedError } from "./refusal.ts";

const emptyCluster = "restore into a cluster that no job has been submitted to";

/**
 * The cluster has no jobs and no records of any, or only those of this archive, just as they are in it: what an earlier
 * restore has left. @throws ArchiveRefusedError
 */
export async function refuseOtherJobs(cluster: OpenCluster, options: LoadOptions): Promise<void> {
  const { jobs } = options.generation.manifest;
  const ours = new Set(jobs.map(({ id }) => id));
  for (const job of await liveJobs(cluster)) refuseJob(job, ours);
  for (const id of jobIdsOf(await entriesOf(cluster.maps, recordsMap))) {
    if (!ours.has(id)) throw new ArchiveRefusedError("OtherJobs", `there is a record of job ${id}`, emptyCluster);
  }
  const there = executionRecordsOf(await entriesOf(cluster.maps, executionRecordsMap));
  if (there.size === 0) return;
  const archived = executionRecordsOf(await archivedEntries(options, executionRecordsMap));
  for (const [id, { snapshot }] of there) {
    const before = archived.get(id);
    if (!before) throw new ArchiveRefusedError("OtherJobs", `there is an execution record of job ${id}`, emptyCluster);
    if (snapshot?.id === before.snapshot?.id) continue;
    const observed = `job ${id} has snapshot ${snapshot?.id ?? "none"} here and ${before.snapshot?.id ?? "none"} in the archive`;
    throw new ArchiveRefusedError("JobWentOn", observed, "leave it as it is: its state is newer than the archive");
  }
}

function refuseJob({ id, name, status, light }: Job, ours: ReadonlySet<JobId>): void {
  if (light || !ours.has(id)) {
    throw new ArchiveRefusedError("OtherJobs", `there is job ${name ?? id}, ${status}`, emptyCluster);
  }
  if (status !== "SUSPENDED") {
    const remedy = "leave it as it is: it has been resumed since the archive was made";
    throw new ArchiveRefusedError("JobWentOn", `job ${name ?? id} is ${status}, not SUSPENDED`, remedy);
  }
}

async function entriesOf(maps: ClusterMaps, name: string): Promise<RawEntry[]> {
  const reader = maps.reader(name);
  const entries: RawEntry[] = [];
  if ((await maps.size(name)) === 0) return entries;
  for (let partition = 0; partition < maps.partitionCount; partition++) {
    for await (const batch of reader.partition(partition)) entries.push(...batch);
  }
  return entries;
}

async function archivedEntries({ generation }: LoadOptions, name: string): Promise<RawEntry[]> {
  const { directory, manifest } = generation;
  const entries: RawEntry[] = [];
  for (const map of manifest.maps.filter((each) => each.name === name)) {
    for (const file of map.files) {
      const expected = { nonce: manifest.generation.nonce, map: name, ...file };
      for await (const batch of readMapFile(join(directory, file.path), expected)) entries.push(...batch);
    }
  }
  return entries;
}

const takeOverMillis = 60_000;
const lookMillis = 250;

/**
 * Waits until the master lists exactly these jobs, all of them suspended. It looks for records every few seconds by itself,
 * so it is told of each. @throws ArchiveRefusedError when it lists another, or they are not listed within a minute
 */
export async function takenOver(cluster: OpenCluster, ids: readonly JobId[]): Promise<void> {
  const until = performance.now() + takeOverMillis;
  if (ids.length > 0) await cluster.maps.joinJobs(ids);
  for (;;) {
    const listed = await listedUnlessLeaderless(cluster);
    const waiting = listed ? notSuspended(listed, ids) : ids;
    if (listed && waiting.length === 0) return;
    if (performance.now() > until) {
      const observed = `${waiting.length} of ${ids.length} jobs are not SUSPENDED, the first is ${waiting[0]}`;
      throw new ArchiveRefusedError("NotTakenOver", observed, "look at the master's log, and repeat the restore");
    }
    await pause(lookMillis, undefined, { signal: cluster.signal });
  }
}

/** Undefined: a whole cluster without an answer, as right after a master's death. @throws as `look` for one that is not whole */
async function listedUnlessLeaderless(cluster: OpenCluster): Promise<readonly Job[] | undefined> {
  try {
    return await liveJobs(cluster);
  } catch {
    await cluster.maps.look();
    return undefined;
  }
}

/** Those of the jobs that are not listed as SUSPENDED. @throws ArchiveRefusedError when another job is listed */
function notSuspended(listed: readonly Job[], ids: readonly JobId[]): JobId[] {
  const other = listed.find(({ id }) => !ids.includes(id));
  if (other) throw new ArchiveRefusedError("OtherJobs", `there is job ${other.name ?? other.id}`, emptyCluster);
  const suspended = new Set(listed.filter(({ status }) => status === "SUSPENDED").map(({ id }) => id));
  return ids.filter((id) => !suspended.has(id));
}
