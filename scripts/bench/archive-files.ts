import { execFileSync } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { readMapFile } from "../../src/archive/block-reader.ts";
import { createMapFileWriter } from "../../src/archive/block-writer.ts";
import type { FileTotals } from "../../src/archive/format.ts";
import type { EntryPool } from "./entries.ts";

interface Speed {
  /** Of keys and values. */
  readonly megabytesPerSecond: number;
  readonly plainMegabytesPerSecond: number;
  /** Of the two, the median over the rounds. */
  readonly ratio: number;
  /** Of all threads. */
  readonly cpuMillisPerMegabyte: number;
}

export interface FilesResult {
  readonly write: Speed;
  readonly read: Speed;
  /** Bytes on the volume for each byte of entries. */
  readonly compression: number;
}

interface Sample {
  readonly millis: number;
  readonly cpuMillis: number;
}

interface Pair {
  readonly ours: Sample;
  readonly plain: Sample;
}

const header = { nonce: "00112233445566ff", map: "bench" };
const chunk = Buffer.alloc(1024 * 1024);

/**
 * Writes and reads the same bytes as a map file and as a plain file, in turn, so that both have the same machine. Written
 * means on the disk (fdatasync); read means from the disk, not from the page cache.
 */
export async function measureFiles(
  directory: string,
  pool: EntryPool,
  { bytes, rounds }: { bytes: number; rounds: number },
): Promise<FilesResult> {
  const [ours, plain] = [join(directory, "map.entries"), join(directory, "plain")];
  const [writes, reads]: [Pair[], Pair[]] = [[], []];
  let totals: FileTotals | undefined;
  for (let round = 0; round < rounds; round++) {
    const plainWrite = await timed(() => writePlain(plain, bytes));
    const write = await timed(async () => {
      totals = await writeMap(ours, pool, bytes);
    });
    if (!totals) throw new Error("nothing was written");
    const expected = { ...header, ...totals };
    forget(plain, ours);
    const plainRead = await timed(() => readPlain(plain));
    const read = await timed(() => readMap(ours, expected));
    writes.push({ ours: write, plain: plainWrite });
    reads.push({ ours: read, plain: plainRead });
    await Promise.all([rm(ours), rm(plain)]);
  }
  if (!totals) throw new RangeError("at least one round is needed");
  return {
    write: speedOf(writes, totals.bytes),
    read: speedOf(reads, totals.bytes),
    compression: totals.storedBytes / totals.bytes,
  };
}

function speedOf(pairs: readonly Pair[], bytes: number): Speed {
  const megabytes = bytes / 1e6;
  const speed = (sample: Sample) => megabytes / (sample.millis / 1_000);
  return {
    megabytesPerSecond: median(pairs.map(({ ours }) => speed(ours))),
    plainMegabytesPerSecond: median(pairs.map(({ plain }) => speed(plain))),
    ratio: median(pairs.map(({ ours, plain }) => plain.millis / ours.millis)),
    cpuMillisPerMegabyte: median(pairs.map(({ ours }) => ours.cpuMillis / megabytes)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function timed(action: () => Promise<void>): Promise<Sample> {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await action();
  const { user, system } = process.cpuUsage(cpu);
  return { millis: performance.now() - began, cpuMillis: (user + system) / 1_000 };
}

async function writeMap(path: string, { batches }: EntryPool, bytes: number): Promise<FileTotals> {
  const writer = await createMapFileWriter(path, header);
  for (let written = 0, next = 0; written < bytes; next++) {
    const batch = batches[next % batches.length] ?? [];
    await writer.add(batch);
    for (const { key, value } of batch) written += key.length + value.length;
  }
  return writer.finish();
}

async function readMap(path: string, expected: typeof header & FileTotals): Promise<void> {
  let entries = 0;
  for await (const block of readMapFile(path, expected)) entries += block.length;
  if (entries !== expected.entries) throw new Error(`${entries} entries were read, ${expected.entries} written`);
}

async function writePlain(path: string, bytes: number): Promise<void> {
  const handle = await open(path, "wx");
  for (let at = 0; at < bytes; at += chunk.length) {
    await handle.write(chunk, 0, Math.min(chunk.length, bytes - at));
  }
  await handle.datasync();
  await handle.close();
}

async function readPlain(path: string): Promise<void> {
  const handle = await open(path, "r");
  const into = Buffer.alloc(chunk.length);
  while ((await handle.read(into, 0, into.length)).bytesRead > 0);
  await handle.close();
}

/** Puts the files out of the page cache. */
function forget(...paths: readonly string[]): void {
  for (const path of paths) execFileSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
}
