import { join } from "node:path";
import { withQuorumOfAtMost } from "../engine/job-data.ts";
import type { ClusterMaps, RawEntry } from "../engine/maps.ts";
import { readMapFile } from "./block-reader.ts";
import { ContentSum } from "./content-sum.ts";
import { isKnownByName } from "./contents.ts";
import type { ArchivedMap, Manifest } from "./manifest.ts";
import { inParallel } from "./parallel.ts";
import type { Meter } from "./progress.ts";
import { ArchiveRefusedError } from "./refusal.ts";

export interface LoadOptions {
  readonly generation: { readonly directory: string; readonly manifest: Manifest };
  /** Files that are read, and partitions that are read back, at once. */
  readonly streams: number;
  readonly signal: AbortSignal;
  readonly meter: Meter;
  /** No job shall need more members than these: somebody has accepted it. */
  readonly mostQuorum?: number | undefined;
}

/**
 * Writes one map and makes sure that it is there: all entries, and of what jobs live from each byte. Writing again what is
 * there already changes nothing.
 * @throws ArchiveRefusedError when the cluster has something else afterwards
 * @throws EngineError, MalformedError, NoAnswerError, ArchiveError
 */
export async function loadMap(maps: ClusterMaps, map: ArchivedMap, options: LoadOptions): Promise<void> {
  if (isKnownByName(map.name)) await maps.makeProxy(map.name);
  const written = await writeFiles(maps, map, options);
  const found = await maps.size(map.name);
  if (found !== map.entries && !(await mayHaveGone(maps, map, found))) notAllWritten(map, `${found} entries`);
  if (map.kind === "user" || map.kind === "results") return;
  const there = await contentOf(maps, map.name, options);
  if (String(there) !== String(written)) notAllWritten(map, `other content (${there}, archived ${written})`);
}

function notAllWritten({ name, entries }: ArchivedMap, found: string): never {
  const observed = `map ${name} has ${found} after ${entries} archived ones were written`;
  throw new ArchiveRefusedError("NotAllWritten", observed, "keep clients out, and repeat the restore");
}

/** Entries that a user's map throws away by itself: by age, or because there are too many. */
async function mayHaveGone(maps: ClusterMaps, { name, kind, entries }: ArchivedMap, found: number): Promise<boolean> {
  return kind === "user" && found < entries && (await maps.forgetsEntries(name));
}

async function writeFiles(maps: ClusterMaps, map: ArchivedMap, options: LoadOptions): Promise<ContentSum> {
  const { directory, manifest } = options.generation;
  const writer = maps.writer(map.name);
  const written = new ContentSum();
  const tasks = map.files.map((file) => async (signal: AbortSignal) => {
    const expected = { nonce: manifest.generation.nonce, map: map.name, ...file };
    for await (const archived of readMapFile(join(directory, file.path), expected)) {
      signal.throwIfAborted();
      const entries = map.kind === "executionRecords" ? withLessQuorum(archived, options.mostQuorum) : archived;
      written.add(entries);
      await writer.add(entries);
      options.meter.count(entries);
    }
  });
  await inParallel(tasks, options.streams, options.signal);
  await writer.finish();
  return written;
}

function withLessQuorum(entries: readonly RawEntry[], most: number | undefined): readonly RawEntry[] {
  if (most === undefined) return entries;
  return entries.map(({ key, value }) => ({ key, value: withQuorumOfAtMost(value, most) }));
}

async function contentOf(maps: ClusterMaps, name: string, { streams, signal }: LoadOptions): Promise<ContentSum> {
  const reader = maps.reader(name);
  const sum = new ContentSum();
  const partitions = Array.from({ length: maps.partitionCount }, (_, partition) => async (stop: AbortSignal) => {
    for await (const entries of reader.partition(partition)) {
      stop.throwIfAborted();
      sum.add(entries);
    }
  });
  await inParallel(partitions, streams, signal);
  return sum;
}
