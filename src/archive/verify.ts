import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type BlockCounts, checkMapFile } from "./block-reader.ts";
import { ArchiveError, ioError } from "./errors.ts";
import type { FileTotals } from "./format.ts";
import { type Generation, manifestName, verifiedName } from "./generations.ts";
import type { Manifest } from "./manifest.ts";

export interface FileResult {
  readonly path: string;
  /** Absent for a file that the manifest does not name. */
  readonly map?: string;
  readonly entries: number;
  readonly bytes: number;
  readonly storedBytes: number;
  /** Why the file is not as the manifest says; absent when it is. */
  readonly problem?: string;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** Told of each block that was read. */
  readonly onBlock?: (counts: BlockCounts) => void;
}

/**
 * Reads everything back: checksums, counts, digests, names, and that nothing is missing or too much.
 * @returns a result for each file, those with a problem as well
 * @throws ArchiveIoError when the directory cannot be read; the signal's reason when it is aborted
 */
export async function verifyGeneration(
  { directory }: Generation,
  manifest: Manifest,
  options: VerifyOptions = {},
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const { name: map, files } of manifest.maps) {
    for (const { path, ...totals } of files) {
      const header = { nonce: manifest.generation.nonce, map };
      const problem = await problemOf(join(directory, path), { ...header, ...totals }, options);
      const { entries, bytes, storedBytes } = totals;
      results.push({ path, map, entries, bytes, storedBytes, ...(problem !== undefined && { problem }) });
    }
  }
  const known = new Set([manifestName, verifiedName, ...results.map(({ path }) => path)]);
  for (const path of await namesIn(directory)) {
    if (known.has(path)) continue;
    const problem = `${join(directory, path)}: not named by the manifest`;
    results.push({ path, entries: 0, bytes: 0, storedBytes: 0, problem });
  }
  return results;
}

/** Every file is as the manifest says. @throws ArchiveError for the first that is not */
export async function requireVerified(
  generation: Generation,
  manifest: Manifest,
  options: VerifyOptions = {},
): Promise<void> {
  const results = await verifyGeneration(generation, manifest, options);
  const bad = results.flatMap(({ path, problem }) => (problem === undefined ? [] : [{ path, problem }]));
  const [first] = bad;
  if (!first) return;
  const file = join(generation.directory, first.path);
  const more = bad.length > 1 ? `; and ${bad.length - 1} more files` : "";
  throw new ArchiveError(file, `${first.problem.replace(`${file}: `, "")}${more}`);
}

async function problemOf(
  path: string,
  expected: { readonly nonce: string; readonly map: string } & FileTotals,
  { signal, onBlock }: VerifyOptions,
): Promise<string | undefined> {
  try {
    for await (const counts of checkMapFile(path, expected)) {
      signal?.throwIfAborted();
      onBlock?.(counts);
    }
    return undefined;
  } catch (error) {
    if (error instanceof ArchiveError) return error.message;
    throw error;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    throw ioError(directory, "cannot be read", error);
  }
}
