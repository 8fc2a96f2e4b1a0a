import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ArchiveError } from "../../../src/archive/errors.ts";
import { checkVolume, claimVolume, volumeOwner } from "../../../src/archive/volume.ts";
import { freshVolume, owner, save } from "./archives.ts";
import { temporaryDirectory } from "./map-files.ts";

const parent = temporaryDirectory();

describe("a volume", () => {
  test("belongs to the cluster that used it first, and may be claimed by it again", async () => {
    const volume = await freshVolume(parent);
    expect(await volumeOwner(volume)).toEqual(owner);
    await claimVolume(volume, owner);
    await checkVolume(volume, owner);
    expect(readdirSync(volume)).toEqual(["volume.json"]);
  });

  test.each([
    { ...owner, name: "other" },
    { ...owner, namespace: "other" },
  ])("is refused to %j", async (stranger) => {
    const volume = await freshVolume(parent);
    const refused = `${join(volume, "volume.json")}: the JetCluster is demo/orders, expected ${stranger.namespace}/${stranger.name}`;
    await expect(claimVolume(volume, stranger)).rejects.toThrow(refused);
    await expect(checkVolume(volume, stranger)).rejects.toThrow(refused);
  });

  test("is refused when its owner's file has any byte changed", async () => {
    const volume = await freshVolume(parent);
    const file = join(volume, "volume.json");
    const good = readFileSync(file);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x01;
      writeFileSync(file, bad);
      const error: unknown = await claimVolume(volume, owner).catch((thrown: unknown) => thrown);
      expect(error, `byte ${at}`).toBeInstanceOf(ArchiveError);
      expect((error as Error).message).toContain(file);
    }
  });

  test("of a later format is refused by the version's number", async () => {
    const volume = await freshVolume(parent);
    writeFileSync(join(volume, "volume.json"), '{"formatVersion": 2}');
    await expect(claimVolume(volume, owner)).rejects.toThrow(
      "format version 2 is not known; this operator reads version 1",
    );
  });

  test("with archives but without its owner's file is refused: nobody knows whose they are", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    rmSync(join(volume, "volume.json"));
    await expect(claimVolume(volume, owner)).rejects.toThrow("missing, although there is generation-1-");
    expect(await volumeOwner(volume)).toBeUndefined();
  });

  test("that nobody has used has no archive to restore", async () => {
    const volume = join(parent, "unused");
    mkdirSync(volume);
    await expect(checkVolume(volume, owner)).rejects.toThrow("volume.json: missing: nothing was ever archived here");
    expect(readdirSync(volume)).toEqual([]);
  });

  test("that is not there is no empty volume", async () => {
    const volume = join(parent, "not-there");
    await expect(claimVolume(volume, owner)).rejects.toThrow(`${volume}: cannot be read: ENOENT`);
  });
});
