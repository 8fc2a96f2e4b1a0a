import { inBatches } from "../engine/batches.ts";
import type { JobId } from "../engine/job-id.ts";
import type { ClusterMaps, ClusterSight } from "../engine/maps.ts";
import { engineLine } from "../engine/server-version.ts";
import { type ClusterAccess, type OpenCluster, openCluster } from "./cluster.ts";
import { type Choice, type ChosenMap, contentsOf, executionRecordsMap, recordsMap } from "./contents.ts";
import { copyMaps, type SizedMap } from "./copy-maps.ts";
import type { Generation } from "./generations.ts";
import { jobIdsOf } from "./job-records.ts";
import { type ArchivedMap, type Manifest, manifestVersion } from "./manifest.ts";
import { Meter, type OnProgress } from "./progress.ts";
import { ArchiveRefusedError } from "./refusal.ts";
import { checkCounts } from "./saved-counts.ts";
import { type CopiedMaps, checkJobs, lightJobs, type NotedJob, suspendedJobs } from "./saved-jobs.ts";

export interface SaveRequest {
  readonly cluster: ClusterAccess;
  /** UID of the JetCluster. */
  readonly uid: string;
  readonly formedSize: number;
  /** The jobs as they were before they were suspended. */
  readonly noted: readonly NotedJob[];
  readonly choice: Choice;
  /** Partitions that are read at once. */
  readonly streams: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Copies a cluster that stands still: its state is PASSIVE and every job is suspended. Writes the files of a generation,
 * all of them on the disk when this resolves, and gives the manifest that is true of them. It does not write the manifest:
 * without it the directory is no archive, whatever happens meanwhile.
 * @throws ArchiveRefusedError, ClusterNotWholeError, EngineError, MalformedError, NoAnswerError, ArchiveError
 */
export async function copyCluster(request: SaveRequest, generation: Generation): Promise<Manifest> {
  using cluster = await openCluster(request.cluster, request.signal);
  return await copyFrom(cluster, request, generation);
}

/** The same, from a cluster that is open. */
export async function copyFrom(cluster: OpenCluster, request: SaveRequest, generation: Generation): Promise<Manifest> {
  const { maps } = cluster;
  const before = await standingStill(maps);
  const jobs = await suspendedJobs(cluster, request.noted);
  const ids = jobs.map(({ archived }) => archived.id);
  const { maps: chosen, leftOut } = contentsOf(await maps.objects(), ids, request.choice);
  const sizes = await sized(maps, chosen);
  const copied = await copyChosen(maps, sizes, { request, generation });
  checkSame(before, await standingStill(maps));
  checkCounts(copied.maps, sizes, await sized(maps, chosen));
  checkJobs(jobs, copied);
  return {
    ...headOf(before, request, generation),
    jobs: jobs.map(({ archived }) => archived),
    maps: copied.maps.filter(({ entries, kind }) => entries > 0 || kind === "user"),
    notArchived: [...leftOut, ...(await lightJobs(cluster))],
  };
}

function headOf(sight: ClusterSight, request: SaveRequest, { number, nonce }: Generation) {
  return {
    formatVersion: manifestVersion,
    engine: { version: sight.engineVersion, line: engineLine(sight.engineVersion) },
    cluster: {
      id: sight.clusterId,
      name: request.cluster.clusterName,
      uid: request.uid,
      formedSize: request.formedSize,
      partitionCount: sight.owners.length,
    },
    generation: { number, nonce },
    createdAt: new Date().toISOString(),
  } as const;
}

const again = "set the cluster ACTIVE, resume what ran, and stop again";

/** @throws ArchiveRefusedError when clients could still write */
async function standingStill(maps: ClusterMaps): Promise<ClusterSight> {
  const sight = await maps.look();
  if (sight.state !== "PASSIVE") {
    throw new ArchiveRefusedError("ClusterState", `the cluster is ${sight.state}, not PASSIVE`, again);
  }
  return sight;
}

function checkSame(before: ClusterSight, after: ClusterSight): void {
  if (before.clusterId === after.clusterId && String(before.members) === String(after.members)) return;
  throw new ArchiveRefusedError("ClusterChanged", "the members changed while they were copied", again);
}

function sized(maps: ClusterMaps, chosen: readonly ChosenMap[]): Promise<SizedMap[]> {
  return inBatches(chosen, async (map) => ({ ...map, size: await maps.size(map.name) }));
}

interface Copied extends CopiedMaps {
  readonly maps: readonly ArchivedMap[];
}

async function copyChosen(
  maps: ClusterMaps,
  chosen: readonly SizedMap[],
  { request, generation }: { request: SaveRequest; generation: Generation },
): Promise<Copied> {
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  const meter = new Meter("copying", total, request.onProgress);
  const jobIds = new Map([recordsMap, executionRecordsMap].map((name) => [name, new Set<JobId>()]));
  const files = await copyMaps(maps, chosen, {
    generation,
    streams: request.streams,
    signal: request.signal,
    meter,
    onEntries: (map, entries) => {
      const ids = jobIds.get(map);
      if (ids) for (const id of jobIdsOf(entries)) ids.add(id);
    },
  });
  meter.end();
  const archived = chosen.map(({ name, kind }): ArchivedMap => {
    const mine = [...(files.get(name) ?? [])];
    const sum = (count: "entries" | "bytes") => mine.reduce((all, file) => all + file[count], 0);
    return { name, kind, entries: sum("entries"), bytes: sum("bytes"), files: mine };
  });
  const byName = new Map(archived.map((map) => [map.name, map]));
  return {
    maps: archived,
    entries: (map) => byName.get(map)?.entries ?? 0,
    jobIds: (map) => jobIds.get(map) ?? new Set(),
  };
}
