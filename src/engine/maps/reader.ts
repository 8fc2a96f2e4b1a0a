import type { Channel } from "../protocol/channel.ts";
import { located } from "../protocol/errors.ts";
import { type Batch, fetchEntries, firstPointers, type Pointers, type RawEntry } from "../protocol/map-messages.ts";

/** Reads one map, partition by partition. Several partitions may be read at once. */
export interface MapReader {
  /** Entries of the partition, in batches of about the size asked for. @throws EngineError, MalformedError, NoAnswerError */
  partition(index: number): AsyncGenerator<readonly RawEntry[], void, void>;
}

export interface ReaderTarget {
  readonly name: string;
  /** The owner of the partition. */
  channelOf(partition: number): Channel;
}

/** The engine is asked for a number of entries, so their size is learnt: first few, then as many as the largest so far allows. */
const firstCount = 8;
const mostCount = 4_096;

export function createMapReader(target: ReaderTarget, batchBytes: number): MapReader {
  let largest = 0;
  const count = () => (largest === 0 ? firstCount : clamp(Math.floor(batchBytes / largest), 1, mostCount));
  return {
    async *partition(index) {
      let pointers: Pointers | undefined = firstPointers;
      while (pointers) {
        const question = fetchEntries(target.name, index, pointers, count());
        const batch: Batch = await target
          .channelOf(index)
          .ask(question)
          .catch((error: unknown) => Promise.reject(located(`map ${target.name}`, error)));
        for (const { key, value } of batch.entries) largest = Math.max(largest, key.length + value.length);
        if (batch.entries.length > 0) yield batch.entries;
        pointers = batch.next;
      }
    },
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
