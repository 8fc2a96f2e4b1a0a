import { join } from "node:path";
import type { ClusterMaps, RawEntry } from "../engine/maps.ts";
import { inOrderAhead } from "./ahead.ts";
import { createMapFileWriter } from "./block-writer.ts";
import type { ChosenMap } from "./contents.ts";
import type { Generation } from "./generations.ts";
import type { ArchivedFile } from "./manifest.ts";
import { inParallel, type Task } from "./parallel.ts";
import type { Meter } from "./progress.ts";

export type SizedMap = ChosenMap & { readonly size: number };

export interface CopyOptions {
  readonly generation: Generation;
  /** Partitions that are read at once. */
  readonly streams: number;
  readonly signal: AbortSignal;
  readonly meter: Meter;
  /** Sees every entry of every map. */
  readonly onEntries: (map: string, entries: readonly RawEntry[]) => void;
}

/** A further stream is a further file: not worth it for less. */
const entriesPerStream = 500;
/** Partitions of a stream that are read at once. Of a small map more: there is little in each, so it is the round trips that count. */
const partitionsAhead = { small: 8, large: 2 };

/**
 * Copies the maps, partition by partition, into one file a map and stream. @returns the files, by map, none for an empty map
 * @throws EngineError, MalformedError, NoAnswerError, ArchiveError; the files of streams that did not end are removed
 */
export async function copyMaps(
  maps: ClusterMaps,
  chosen: readonly SizedMap[],
  options: CopyOptions,
): Promise<ReadonlyMap<string, readonly ArchivedFile[]>> {
  const files = new Map<string, ArchivedFile[]>();
  const tasks = chosen.flatMap(({ name, size }, index): Task[] => {
    const reader = maps.reader(name);
    const streams = Math.min(options.streams, Math.ceil(size / entriesPerStream));
    const mine: ArchivedFile[] = [];
    files.set(name, mine);
    const copy = async (stream: number, signal: AbortSignal) => {
      const path = `${String(index).padStart(4, "0")}-${stream}.entries`;
      const partitions = partitionsOf(stream, streams, maps.partitionCount).map((partition) =>
        reader.partition(partition),
      );
      const batches = inOrderAhead(partitions, streams === 1 ? partitionsAhead.small : partitionsAhead.large);
      mine[stream] = await copyStream({ name, batches }, path, { ...options, signal });
    };
    return Array.from({ length: streams }, (_, stream) => (signal) => copy(stream, signal));
  });
  await inParallel(tasks, options.streams, options.signal);
  return files;
}

function partitionsOf(stream: number, streams: number, count: number): number[] {
  const mine: number[] = [];
  for (let partition = stream; partition < count; partition += streams) mine.push(partition);
  return mine;
}

interface Source {
  readonly name: string;
  readonly batches: AsyncIterable<readonly RawEntry[]>;
}

async function copyStream({ name, batches }: Source, path: string, options: CopyOptions): Promise<ArchivedFile> {
  const { directory, nonce } = options.generation;
  const writer = await createMapFileWriter(join(directory, path), { nonce, map: name });
  try {
    for await (const entries of batches) {
      options.signal.throwIfAborted();
      await writer.add(entries);
      options.onEntries(name, entries);
      options.meter.count(entries);
    }
    return { path, ...(await writer.finish()) };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
