import { statfs } from "node:fs/promises";
import { ArchiveError, ioError } from "../errors.ts";
import { listGenerations } from "../generations.ts";

/** Room for manifest and file system beside the entries, in bytes. */
const reserve = 16 * 1024 * 1024;
/** State grows between two stops. */
const growth = 1.5;

/**
 * Before anything is stopped: is there room for an archive half as large again as the newest one? The first one has
 * nothing to be compared with; a volume that fills up while it is written ends the save, and the cluster goes on.
 * @throws ArchiveError with both figures
 */
export async function requireRoom(volume: string): Promise<void> {
  const needed = reserve + growth * (await bytesOfNewest(volume));
  const free = await freeBytes(volume);
  if (free >= needed) return;
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  const problem = `${mebibytes(free)} are free, ${mebibytes(needed)} are needed for an archive half as large again as the newest; make the volume larger (spec.losslessRestart.archive.storage.size) or keep fewer archives`;
  throw new ArchiveError(volume, problem);
}

async function bytesOfNewest(volume: string): Promise<number> {
  for (const { content } of await listGenerations(volume)) {
    if (content.kind !== "complete") continue;
    const files = content.manifest.maps.flatMap((map) => map.files);
    return files.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  }
  return 0;
}

async function freeBytes(volume: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(volume);
    return bavail * bsize;
  } catch (error) {
    throw ioError(volume, "cannot be read", error);
  }
}
