import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ioError } from "./errors.ts";

/**
 * Writes a small file so that after a loss of power there is either nothing under its name, or what was there, or all of
 * this; and all of this once it has resolved.
 * @throws ArchiveIoError
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  try {
    const handle = await open(temporary, "w", 0o640);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw ioError(path, "cannot be written", error);
  }
  await syncDirectory(dirname(path));
}

/** Names of files that were made, renamed or removed in it are on the disk when this resolves. @throws ArchiveIoError */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw ioError(path, "cannot be written", error);
  }
}
