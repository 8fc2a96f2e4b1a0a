import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completeGeneration, createGeneration } from "../../../src/archive/generations.ts";
import { ArchiveRefusedError } from "../../../src/archive/refusal.ts";
import { restoreCluster, type VerifiedGeneration } from "../../../src/archive/restore.ts";
import { copyCluster, type SaveRequest } from "../../../src/archive/save.ts";
import { requireVerified } from "../../../src/archive/verify.ts";
import type { MemberAddress } from "../../../src/engine/addresses.ts";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import type { CopyLimits } from "../../../src/engine/maps/limits.ts";
import { openClusterMaps } from "../../../src/engine/maps.ts";
import { clusterName, type TestCluster } from "../engine/members.ts";

/** Directories that stand for volumes, gone when it is disposed of. */
export function archiveVolumes(): Disposable & { next(): string } {
  const made: string[] = [];
  return {
    next() {
      const directory = mkdtempSync(join(tmpdir(), "jet-archive-"));
      made.push(directory);
      return directory;
    },
    [Symbol.dispose]() {
      for (const directory of made) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function access(members: readonly MemberAddress[], limits: Partial<CopyLimits> = {}) {
  return { clusterName, members, addresses: podOrLoopbackAddresses(), limits };
}

export function addressesOf(cluster: TestCluster, count = cluster.members.length): MemberAddress[] {
  return cluster.members.slice(-count).map(({ address }) => address);
}

/** Saves as a new generation on the volume, which is verified. */
export async function saveAll(
  members: readonly MemberAddress[],
  volume: string,
  request: Pick<SaveRequest, "noted"> & Partial<SaveRequest>,
): Promise<VerifiedGeneration> {
  const generation = await createGeneration(volume);
  const all: SaveRequest = {
    cluster: access(members),
    uid: "c0ffee00-0000-4000-8000-000000000001",
    formedSize: members.length,
    choice: { exclude: [], mapStores: [] },
    streams: 4,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...request,
  };
  const manifest = await copyCluster(all, generation);
  await completeGeneration(generation, manifest);
  await requireVerified(generation, manifest);
  return { ...generation, manifest };
}

export interface RestoreOptions {
  readonly limits?: Partial<CopyLimits>;
  readonly signal?: AbortSignal;
}

export async function restoreAll(
  members: readonly MemberAddress[],
  archive: VerifiedGeneration,
  { limits, signal = new AbortController().signal }: RestoreOptions = {},
): Promise<void> {
  const request = { cluster: access(members, limits), streams: 4, signal, onProgress: () => {} };
  await restoreCluster(request, archive);
}

/** Tries again while the members do not agree yet on who they are and who leads, as after one's death. */
export async function restoreAfterDeath(members: readonly MemberAddress[], archive: VerifiedGeneration): Promise<void> {
  const until = performance.now() + 120_000;
  for (;;) {
    try {
      return await restoreAll(members, archive);
    } catch (error) {
      if (error instanceof ArchiveRefusedError || performance.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Entries of a map now, by a connection of its own. */
export async function sizeOf(members: readonly MemberAddress[], map: string): Promise<number> {
  const maps = await openClusterMaps({ ...access(members), signal: new AbortController().signal });
  try {
    return await maps.size(map);
  } finally {
    maps.close();
  }
}
