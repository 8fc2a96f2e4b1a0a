import { randomFillSync } from "node:crypto";
import type { Entry } from "../../src/archive/format.ts";

const poolBytes = 16_000_000;
const batchBytes = 500_000;
const keyBytes = 20;

/** Batches as an engine gives them: enough different ones that no block is like another nearby. */
export interface EntryPool {
  readonly batches: readonly (readonly Entry[])[];
}

/** @param valueBytes of each value; half of it is random, half is text that repeats. */
export function entryPool(valueBytes: number): EntryPool {
  const perBatch = Math.max(1, Math.floor(batchBytes / (keyBytes + valueBytes)));
  const batches = Math.ceil(poolBytes / (perBatch * (keyBytes + valueBytes)));
  return { batches: Array.from({ length: batches }, () => batchOf(perBatch, valueBytes)) };
}

/** Views of one piece of memory, as answers of the engine are taken apart. */
function batchOf(entries: number, valueBytes: number): Entry[] {
  const size = keyBytes + valueBytes;
  const bytes = Buffer.alloc(entries * size, "sample.KeyState{count=1,sum=2,last=3}");
  for (let at = 0; at < bytes.length; at += 100) randomFillSync(bytes, at, Math.min(50, bytes.length - at));
  return Array.from({ length: entries }, (_, index) => {
    const at = index * size;
    return { key: bytes.subarray(at, at + keyBytes), value: bytes.subarray(at + keyBytes, at + size) };
  });
}
