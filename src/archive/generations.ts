import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeDurably } from "./durable-file.ts";
import { ArchiveError, ioError, WrongFileError } from "./errors.ts";
import { decodeManifest, encodeManifest, type Manifest, manifestDigest } from "./manifest.ts";
import { directoriesOf } from "./volume.ts";

/** One archive on a volume: a directory `generation-<number>-<nonce>`. A higher number is a later one. */
export interface Generation {
  readonly number: number;
  /** Tells two attempts of the same number apart: 16 hexadecimal digits. */
  readonly nonce: string;
  readonly directory: string;
}

/** A generation as it was found. */
export type FoundGeneration = Generation & { readonly content: Content };

type Content =
  /** Without a manifest: its save has not ended, or never will. */
  | { readonly kind: "interrupted" }
  /** Its manifest is none, or not of this directory. */
  | { readonly kind: "unreadable"; readonly error: ArchiveError }
  /** `verified`: every file was read back after it was written. */
  | ({ readonly kind: "complete"; readonly verified: boolean } & ReadManifest);

interface ReadManifest {
  readonly manifest: Manifest;
  /** Of the manifest's file: names every byte of the generation. */
  readonly digest: string;
}

export const manifestName = "manifest.json";
/** Holds the manifest's digest. Without it the generation is not counted as good. */
export const verifiedName = "verified";

const maxManifestBytes = 256 * 1024 * 1024;

/** Newest first. @throws ArchiveIoError when the volume cannot be read */
export async function listGenerations(volume: string): Promise<FoundGeneration[]> {
  const named = (await directoriesOf(volume))
    .map((name) => generationOf(volume, name))
    .filter((each) => each !== undefined);
  named.sort((a, b) => b.number - a.number || (a.nonce < b.nonce ? 1 : -1));
  const found: FoundGeneration[] = [];
  for (const generation of named) found.push({ ...generation, content: await contentOf(generation) });
  return found;
}

/**
 * Makes the directory of the next generation, empty.
 * @param nonce by which whoever asked for it will know it
 * @throws ArchiveIoError
 */
export async function createGeneration(
  volume: string,
  nonce: string = randomBytes(8).toString("hex"),
): Promise<Generation> {
  const generations = (await directoriesOf(volume)).map((name) => generationOf(volume, name)?.number ?? 0);
  const number = Math.max(0, ...generations) + 1;
  const directory = join(volume, `generation-${number}-${nonce}`);
  try {
    await mkdir(directory, { mode: 0o750 });
  } catch (error) {
    throw ioError(directory, "cannot be written", error);
  }
  await syncDirectory(volume);
  return { number, nonce, directory };
}

/**
 * Makes an archive of the directory: its files are on the disk already. What is not verified yet replaces nothing.
 * @returns the manifest's digest
 * @throws ArchiveIoError
 */
export async function completeGeneration({ directory }: Generation, manifest: Manifest): Promise<string> {
  const text = encodeManifest(manifest);
  await syncDirectory(directory);
  await writeDurably(join(directory, manifestName), text);
  return manifestDigest(text);
}

/** @param digest of the manifest that was verified. @throws ArchiveIoError */
export async function markVerified({ directory }: Generation, digest: string): Promise<void> {
  await writeDurably(join(directory, verifiedName), `${digest}\n`);
}

/** Exactly the generation that somebody noted when it was saved. @throws ArchiveError when it is not there or not the same */
export async function findGeneration(
  volume: string,
  noted: { readonly number: number; readonly nonce: string; readonly digest: string },
): Promise<Generation & ReadManifest> {
  const directory = join(volume, `generation-${noted.number}-${noted.nonce}`);
  const generation = { number: noted.number, nonce: noted.nonce, directory };
  const read = await readManifest(generation);
  if (read.digest === noted.digest) return { ...generation, ...read };
  const is = { found: read.digest, expected: noted.digest };
  throw new WrongFileError(join(directory, manifestName), "the digest", is);
}

/**
 * Makes room before a save: removes what interrupted ones have left. Nobody else may be saving.
 * @returns what was removed. @throws ArchiveIoError
 */
export async function removeInterrupted(volume: string): Promise<Generation[]> {
  return removeAll((await listGenerations(volume)).filter(({ content }) => content.kind === "interrupted"));
}

/**
 * Keeps the newest verified generations, `keep` of them, and removes what is older than these, and what is not verified and
 * older than the newest. So what is not verified makes nothing else go, and without a verified one nothing goes at all.
 * @param keep at least 1
 * @returns what was removed. @throws ArchiveIoError
 */
export async function prune(volume: string, keep: number): Promise<Generation[]> {
  if (keep < 1) throw new RangeError(`keep ${keep}: at least 1 is accepted`);
  const generations = await listGenerations(volume);
  const verified = generations.filter(({ content }) => content.kind === "complete" && content.verified);
  const newest = verified[0];
  const oldest = verified[keep - 1];
  const superseded = ({ number, content }: FoundGeneration) => {
    if (!newest || number >= newest.number) return false;
    if (content.kind === "interrupted" || (content.kind === "complete" && !content.verified)) return true;
    return oldest !== undefined && number < oldest.number;
  };
  return removeAll(generations.filter(superseded));
}

/** @throws ArchiveIoError; what is left then is no archive, and is removed before the next save. */
export async function removeGeneration(generation: Generation): Promise<void> {
  await removeAll([generation]);
}

function generationOf(volume: string, name: string): Generation | undefined {
  const [, number = "", nonce = ""] = /^generation-([1-9]\d{0,8})-([0-9a-f]{16})$/.exec(name) ?? [];
  return nonce === "" ? undefined : { number: Number(number), nonce, directory: join(volume, name) };
}

async function contentOf(generation: Generation): Promise<Content> {
  try {
    const read = await readManifest(generation);
    return { kind: "complete", ...read, verified: (await readMark(generation)) === read.digest };
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return { kind: "interrupted" };
    if (error instanceof ArchiveError) return { kind: "unreadable", error };
    throw error;
  }
}

async function readManifest({ directory, number, nonce }: Generation): Promise<ReadManifest> {
  const file = join(directory, manifestName);
  const text = await readText(file);
  const manifest = decodeManifest(file, text);
  const { generation } = manifest;
  if (generation.number !== number || generation.nonce !== nonce) {
    const found = `${generation.number}-${generation.nonce}`;
    throw new WrongFileError(file, "the generation", { found, expected: `${number}-${nonce}` });
  }
  return { manifest, digest: manifestDigest(text) };
}

/** @returns undefined when there is none. */
async function readMark({ directory }: Generation): Promise<string | undefined> {
  try {
    return (await readText(join(directory, verifiedName))).trimEnd();
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxManifestBytes)
      throw new ArchiveError(file, `has ${size} bytes, at most ${maxManifestBytes} are accepted`);
    return await readFile(file, "utf8");
  } catch (error) {
    throw ioError(file, "cannot be read", error);
  }
}

/** The manifest goes first: what is left of a removal that was interrupted is no archive. */
async function removeAll(generations: readonly Generation[]): Promise<Generation[]> {
  for (const { directory } of generations) {
    try {
      await rm(join(directory, manifestName), { force: true });
      await syncDirectory(directory);
      await rm(directory, { recursive: true, force: true });
    } catch (error) {
      throw ioError(directory, "cannot be written", error);
    }
  }
  return generations.map(({ number, nonce, directory }) => ({ number, nonce, directory }));
}
