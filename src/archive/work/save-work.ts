import { setTimeout as pause } from "node:timers/promises";
import { type ClusterAccess, liveJobs, openCluster } from "../cluster.ts";
import { removeInterrupted } from "../generations.ts";
import { type ArchiveName, keepGeneration } from "../keep-generation.ts";
import type { Manifest } from "../manifest.ts";
import { Meter } from "../progress.ts";
import { copyCluster } from "../save.ts";
import type { NotedJob } from "../saved-jobs.ts";
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
  /** Of the files on the volume. */
  readonly storedBytes: number;
  /** From the first entry that was copied, or restored, until all was done. */
  readonly millis: number;
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
 * Only then older archives may go; after a failure nothing of the new one is left.
 * @throws ArchiveError, ArchiveRefusedError, ClusterNotWholeError, EngineError, MalformedError, NoAnswerError
 */
export async function save(task: SaveTask, options: SaveOptions): Promise<Saved> {
  const { directory, owner, nonce } = task;
  // Before the room is measured: what an interrupted save has left is none.
  await claimVolume(directory, owner);
  await removeInterrupted(directory);
  await requireRoom(directory);
  const noted = await noteJobs(options);
  options.health.ready();
  await standsStill(options);
  const { access, health, signal } = options;
  const began = performance.now();
  let meter: Meter | undefined;
  const kept = await keepGeneration({ directory, owner }, task.keep, {
    ...{ nonce, signal },
    async copy(generation) {
      const choice = { exclude: task.exclude, mapStores: task.mapStores };
      const { uid, size: formedSize } = task;
      const request = { cluster: access, uid, formedSize, noted, choice, streams, signal, onProgress: health.progress };
      const manifest = await copyCluster(request, generation);
      meter = new Meter("reading back", totalOf(manifest, "entries"), health.progress);
      return manifest;
    },
    onBlock: (counts) => meter?.add(counts),
  });
  meter?.end();
  return resultOf(kept, began);
}

/** What the operator is told of an archive. @param began when the work on it began, by `performance.now()` */
export function resultOf(
  { number, nonce, digest, manifest }: ArchiveName & { readonly manifest: Manifest },
  began: number,
): Saved {
  return {
    ...{ generation: number, nonce, digest },
    clusterId: manifest.cluster.id,
    version: manifest.engine.version,
    entries: totalOf(manifest, "entries"),
    bytes: totalOf(manifest, "bytes"),
    jobs: manifest.jobs.length,
    storedBytes: manifest.maps.flatMap(({ files }) => files).reduce((sum, file) => sum + file.storedBytes, 0),
    millis: Math.round(performance.now() - began),
  };
}

/** Of all maps. */
export function totalOf({ maps }: Manifest, count: "entries" | "bytes"): number {
  return maps.reduce((all, map) => all + map[count], 0);
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
