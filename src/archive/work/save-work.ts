import { setTimeout as pause } from "node:timers/promises";
import { type ClusterAccess, liveJobs, openCluster } from "../cluster.ts";
import { ArchiveError } from "../errors.ts";
import { completeGeneration, createGeneration, markVerified, prune, removeInterrupted } from "../generations.ts";
import type { Manifest } from "../manifest.ts";
import { Meter } from "../progress.ts";
import { copyCluster } from "../save.ts";
import type { NotedJob } from "../saved-jobs.ts";
import { verifyGeneration } from "../verify.ts";
import { claimVolume } from "../volume.ts";
import type { SaveTask } from "./arguments.ts";
import type { WorkHealth } from "./health.ts";
import { requireRoom } from "./room.ts";

/** The operator reads this as the pod's last words: at most 4 kB, so no list is in it. */
export interface Saved {
  readonly generation: number;
  readonly nonce: string;
  readonly digest: string;
  readonly clusterId: string;
  readonly version: string;
  readonly entries: number;
  readonly bytes: number;
  readonly jobs: number;
}

export interface SaveOptions {
  readonly access: ClusterAccess;
  readonly health: WorkHealth;
  readonly signal: AbortSignal;
}

/** Partitions that are read at once. */
const streams = 8;

/**
 * Finds room and members, says that it is ready, waits until the cluster stands still, copies it, reads everything back.
 * Only then older archives may go.
 * @throws ArchiveError, ArchiveRefusedError, ClusterNotWholeError, EngineError, MalformedError, NoAnswerError
 */
export async function save(task: SaveTask, options: SaveOptions): Promise<Saved> {
  const { directory, nonce } = task;
  await claimVolume(directory, task.owner);
  await removeInterrupted(directory);
  await requireRoom(directory);
  const noted = await noteJobs(options);
  options.health.ready();
  await standsStill(options);
  const generation = await createGeneration(directory, nonce);
  const manifest = await copyCluster(
    {
      cluster: options.access,
      uid: task.uid,
      formedSize: task.size,
      choice: { exclude: task.exclude, mapStores: task.mapStores },
      onProgress: options.health.progress,
      ...{ noted, streams, signal: options.signal },
    },
    generation,
  );
  const digest = await completeGeneration(generation, manifest);
  await readBack(generation, manifest, options);
  await markVerified(generation, digest);
  await prune(directory, task.keep);
  const sum = (count: "entries" | "bytes") => manifest.maps.reduce((all, map) => all + map[count], 0);
  return {
    ...{ generation: generation.number, nonce, digest },
    clusterId: manifest.cluster.id,
    version: manifest.engine.version,
    ...{ entries: sum("entries"), bytes: sum("bytes"), jobs: manifest.jobs.length },
  };
}

async function noteJobs({ access, signal }: SaveOptions): Promise<NotedJob[]> {
  using cluster = await openCluster(access, signal);
  await cluster.maps.look();
  return (await liveJobs(cluster)).map(({ id, status }) => ({ id, status }));
}

const lookMillis = 1_000;

/** The operator suspends the jobs and then makes the cluster PASSIVE: what is seen here is what is copied. */
async function standsStill({ access, signal }: SaveOptions): Promise<void> {
  using cluster = await openCluster(access, signal);
  while ((await cluster.maps.look()).state !== "PASSIVE") await pause(lookMillis, undefined, { signal });
}

async function readBack(
  generation: Parameters<typeof verifyGeneration>[0],
  manifest: Manifest,
  { signal, health }: SaveOptions,
): Promise<void> {
  const total = manifest.maps.reduce((sum, { entries }) => sum + entries, 0);
  const meter = new Meter("reading back", total, health.progress);
  const files = await verifyGeneration(generation, manifest, { signal, onBlock: (counts) => meter.add(counts) });
  meter.end();
  const bad = files.find(({ problem }) => problem !== undefined);
  if (bad) throw new ArchiveError(`${generation.directory}/${bad.path}`, bad.problem ?? "");
}
