import { engineLine } from "../engine/server-version.ts";
import { type ClusterAccess, type OpenCluster, openCluster } from "./cluster.ts";
import { executionRecordsMap, recordsMap } from "./contents.ts";
import { type LoadOptions, loadMap } from "./load-map.ts";
import type { Manifest, MapKind } from "./manifest.ts";
import { Meter, type OnProgress } from "./progress.ts";
import { ArchiveRefusedError } from "./refusal.ts";
import { refuseOtherJobs, takenOver } from "./restored-jobs.ts";

export interface RestoreRequest {
  readonly cluster: ClusterAccess;
  /** Files that are read at once. */
  readonly streams: number;
  /**
   * Protected jobs that need more members than so many shall need no more: their archived quorum is lowered. Only where a
   * person has accepted it, in a cluster that is whole: it is what protects against two halves running the same job.
   */
  readonly mostQuorum?: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** A generation on the volume whose files and manifest have been verified. */
export interface VerifiedGeneration {
  readonly directory: string;
  readonly manifest: Manifest;
}

/**
 * Writes an archive into a cluster that has no jobs, or only those of this archive, all still suspended: it may be repeated
 * after a failure at any point, also with other members. Starts no job: whoever calls resumes those that ran, after this has
 * resolved and not before. The order is the only safe one; docs/decisions/0021-archive-engine.md says why.
 * @throws ArchiveRefusedError, ClusterNotWholeError, EngineError, MalformedError, NoAnswerError, ArchiveError
 */
export async function restoreCluster(request: RestoreRequest, generation: VerifiedGeneration): Promise<void> {
  using cluster = await openCluster(request.cluster, request.signal);
  await restoreInto(cluster, request, generation);
}

/** The same, into a cluster that is open. */
export async function restoreInto(
  cluster: OpenCluster,
  { streams, mostQuorum, signal, onProgress }: Omit<RestoreRequest, "cluster">,
  generation: VerifiedGeneration,
): Promise<void> {
  const { manifest } = generation;
  await refuseOtherCluster(cluster, manifest);
  const total = manifest.maps.reduce((sum, { entries }) => sum + entries, 0);
  const options = { generation, streams, mostQuorum, signal, meter: new Meter("restoring", total, onProgress) };
  await refuseOtherJobs(cluster, options);
  await loadRecords(cluster, options);
  await takenOver(
    cluster,
    manifest.jobs.map(({ id }) => id),
  );
  await loadOthers(cluster, options);
  options.meter.end();
}

/** @throws ArchiveRefusedError */
async function refuseOtherCluster({ maps }: OpenCluster, manifest: Manifest): Promise<void> {
  const { clusterId, state, engineVersion } = await maps.look();
  if (state !== "ACTIVE") {
    throw new ArchiveRefusedError("ClusterState", `the cluster is ${state}, not ACTIVE`, "set it ACTIVE");
  }
  if (clusterId === manifest.cluster.id) {
    const remedy = "resume its jobs: their state is newer than the archive or the same";
    throw new ArchiveRefusedError("SameCluster", "this is the cluster that the archive was made of", remedy);
  }
  const line = engineLine(engineVersion);
  if (line !== manifest.engine.line) {
    const observed = `the cluster runs ${engineVersion}, and the archive is of ${manifest.engine.version}`;
    throw new ArchiveRefusedError("EngineVersion", observed, `start it with a version ${manifest.engine.line}`);
  }
}

/**
 * Execution records first: a job whose record is there without one starts from nothing. Both before any snapshot: the
 * engine deletes the snapshots of jobs without a record.
 */
async function loadRecords(cluster: OpenCluster, options: LoadOptions): Promise<void> {
  for (const name of [executionRecordsMap, recordsMap]) {
    const map = options.generation.manifest.maps.find((each) => each.name === name);
    if (map) await loadMap(cluster.maps, map, options);
  }
}

/** Users' maps first: they are large, and no job needs to be looked at while they are written. */
const order: readonly MapKind[] = ["user", "resources", "snapshot", "results", "sql"];

async function loadOthers(cluster: OpenCluster, options: LoadOptions): Promise<void> {
  const { maps } = options.generation.manifest;
  for (const kind of order) {
    for (const map of maps.filter((each) => each.kind === kind)) await loadMap(cluster.maps, map, options);
  }
}
