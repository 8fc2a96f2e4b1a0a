import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { readMapFile } from "../../../src/archive/block-reader.ts";
import { createMapFileWriter, type WriterOptions } from "../../../src/archive/block-writer.ts";
import type { Entry, FileTotals, MapFileHeader } from "../../../src/archive/format.ts";

export const header: MapFileHeader = { nonce: "00112233445566ff", map: "__jet.snapshot.0000-0000-0000-0001.0" };

/** A directory of this test file, removed at its end. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "archive-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function entry(key: string, value: string): Entry {
  return { key: Buffer.from(key), value: Buffer.from(value) };
}

export async function writeMapFile(
  path: string,
  entries: readonly Entry[],
  options: WriterOptions & { header?: MapFileHeader } = {},
): Promise<FileTotals> {
  const writer = await createMapFileWriter(path, options.header ?? header, options);
  await writer.add(entries);
  return writer.finish();
}

export async function readAll(path: string, expected: MapFileHeader & FileTotals): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const block of readMapFile(path, expected)) entries.push(...block);
  return entries;
}

export function asText(entries: readonly Entry[]): string[] {
  return entries.map(({ key, value }) => `${key.toString("hex")}=${value.toString("hex")}`);
}
