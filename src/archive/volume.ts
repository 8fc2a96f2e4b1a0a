import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "./durable-file.ts";
import { ArchiveError, DamagedFileError, ioError, UnknownFormatError, WrongFileError } from "./errors.ts";

/**
 * Whose archives a volume holds. A JetCluster that is deleted and made again under its name finds its archives again, so
 * its uid is not part of it.
 */
export interface VolumeOwner {
  readonly namespace: string;
  /** Of the JetCluster. */
  readonly name: string;
}

const volumeVersion = 1;
const identityName = "volume.json";

const identity = z.strictObject({
  formatVersion: z.literal(volumeVersion),
  owner: z.strictObject({ namespace: z.string(), name: z.string() }),
});

/** @throws UnknownFormatError, DamagedFileError, ArchiveIoError. @returns undefined for a volume that nobody uses yet. */
export async function volumeOwner(volume: string): Promise<VolumeOwner | undefined> {
  const file = join(volume, identityName);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw ioError(file, "cannot be read", error);
    // Tells a directory that is missing from one that is empty.
    await directoriesOf(volume);
    return undefined;
  }
  return decodeIdentity(file, text);
}

/**
 * Writes to whom the volume belongs at its first use, and from then on refuses everybody else.
 * @throws WrongFileError when it is another cluster's
 * @throws ArchiveError when it has archives and does not say whose
 */
export async function claimVolume(volume: string, owner: VolumeOwner): Promise<void> {
  const found = await volumeOwner(volume);
  if (found) return refuseOther(volume, { found, expected: owner });
  const archives = (await directoriesOf(volume)).filter((name) => name.startsWith("generation-"));
  const file = join(volume, identityName);
  if (archives.length > 0) {
    throw new ArchiveError(file, `missing, although there is ${archives[0]}: it is not known whose archives these are`);
  }
  await writeDurably(file, encodeIdentity(owner));
}

/** Changes nothing. @throws as `claimVolume`, and ArchiveError for a volume that nobody has used. */
export async function checkVolume(volume: string, owner: VolumeOwner): Promise<void> {
  const found = await volumeOwner(volume);
  if (!found) throw new ArchiveError(join(volume, identityName), "missing: nothing was ever archived here");
  refuseOther(volume, { found, expected: owner });
}

function refuseOther(volume: string, { found, expected }: { found: VolumeOwner; expected: VolumeOwner }): void {
  if (found.namespace === expected.namespace && found.name === expected.name) return;
  throw new WrongFileError(join(volume, identityName), "the JetCluster", {
    found: `${found.namespace}/${found.name}`,
    expected: `${expected.namespace}/${expected.name}`,
  });
}

function encodeIdentity({ namespace, name }: VolumeOwner): string {
  return `${JSON.stringify({ formatVersion: volumeVersion, owner: { namespace, name } }, null, 2)}\n`;
}

function decodeIdentity(file: string, text: string): VolumeOwner {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DamagedFileError(file, { offset: 0, found: (cause as Error).message, expected: "JSON" });
  }
  const version = z.object({ formatVersion: z.number() }).safeParse(json).data?.formatVersion;
  if (version !== undefined && version !== volumeVersion) throw new UnknownFormatError(file, version, volumeVersion);
  const owner = identity.safeParse(json).data?.owner;
  if (owner && encodeIdentity(owner) === text) return owner;
  throw new DamagedFileError(file, {
    offset: 0,
    found: JSON.stringify(text.slice(0, 200)),
    expected: "a volume's owner",
  });
}

/** Names of the directories in it; symbolic links are none. @throws ArchiveIoError */
export async function directoriesOf(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw ioError(path, "cannot be read", error);
  }
}
