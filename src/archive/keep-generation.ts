import { ArchiveError } from "./errors.ts";
import {
  completeGeneration,
  createGeneration,
  findGeneration,
  type Generation,
  markVerified,
  prune,
  removeGeneration,
  removeInterrupted,
} from "./generations.ts";
import type { Manifest } from "./manifest.ts";
import { requireVerified, type VerifyOptions } from "./verify.ts";
import { checkVolume, claimVolume, type VolumeOwner } from "./volume.ts";

export interface ArchiveVolume {
  /** Where it is mounted. */
  readonly directory: string;
  readonly owner: VolumeOwner;
}

/** What names an archive for good: it is noted before the cluster that it was made of is stopped. */
export interface ArchiveName {
  readonly number: number;
  readonly nonce: string;
  /** Of the manifest. */
  readonly digest: string;
}

export interface KeptGeneration extends ArchiveName {
  readonly manifest: Manifest;
  /** Numbers of the older ones that were removed for it. */
  readonly removed: readonly number[];
  /** Why older ones could not be removed; the archive is good nevertheless, and it is tried again after the next. */
  readonly notRemoved?: ArchiveError;
}

/**
 * Makes an archive of what `copy` writes into a generation's directory, verifies it, and only then lets older ones go.
 * After a failure nothing of it is left, and every older generation is as it was. Nobody else may be saving.
 * @param copy gives the manifest that is true of its files, all of which are on the disk
 * @throws ArchiveError, and whatever `copy` throws
 */
export async function keepGeneration(
  { directory, owner }: ArchiveVolume,
  keep: number,
  options: VerifyOptions & {
    readonly copy: (generation: Generation) => Promise<Manifest>;
    /** By which whoever asked for it will know it; default: one of its own. */
    readonly nonce?: string;
  },
): Promise<KeptGeneration> {
  await claimVolume(directory, owner);
  await removeInterrupted(directory);
  const generation = await createGeneration(directory, options.nonce);
  const { number, nonce } = generation;
  let manifest: Manifest;
  let digest: string;
  try {
    manifest = await options.copy(generation);
    digest = await completeGeneration(generation, manifest);
    await requireVerified(generation, manifest, options);
    await markVerified(generation, digest);
  } catch (error) {
    // It is no archive without its mark; what cannot be removed now is removed before the next one.
    await removeGeneration(generation).catch(() => {});
    throw error;
  }
  return { number, nonce, digest, manifest, ...(await removeOlder(directory, keep)) };
}

async function removeOlder(directory: string, keep: number): Promise<Pick<KeptGeneration, "removed" | "notRemoved">> {
  try {
    return { removed: (await prune(directory, keep)).map(({ number }) => number) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { removed: [], notRemoved: error };
  }
}

/**
 * Exactly the archive that was noted, every byte of it verified. Changes nothing on the volume.
 * @throws ArchiveError when the volume is another cluster's, or the archive is not there, not the same or damaged
 */
export async function openGeneration(
  { directory, owner }: ArchiveVolume,
  noted: ArchiveName,
  options: VerifyOptions & {
    /** Told what is to be verified, before it is. */
    readonly onFound?: (manifest: Manifest) => void;
  } = {},
): Promise<Generation & { readonly manifest: Manifest }> {
  await checkVolume(directory, owner);
  const { manifest, ...generation } = await findGeneration(directory, noted);
  options.onFound?.(manifest);
  await requireVerified(generation, manifest, options);
  return { ...generation, manifest };
}
