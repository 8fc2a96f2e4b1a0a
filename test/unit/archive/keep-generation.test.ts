import { existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Generation, listGenerations } from "../../../src/archive/generations.ts";
import { keepGeneration, openGeneration } from "../../../src/archive/keep-generation.ts";
import type { Manifest } from "../../../src/archive/manifest.ts";
import { freshVolume, owner, writeMaps } from "./archives.ts";
import { temporaryDirectory } from "./map-files.ts";

const parent = temporaryDirectory();

async function states(directory: string): Promise<string[]> {
  const found = await listGenerations(directory);
  return found.map(
    ({ number, content }) => `${number} ${content.kind} ${content.kind === "complete" && content.verified}`,
  );
}

async function freshArchiveVolume() {
  return { directory: await freshVolume(parent), owner };
}

describe("a generation that is kept", () => {
  test("is verified, and then lets those go that are too many", async () => {
    const volume = await freshArchiveVolume();
    await keepGeneration(volume, 1, { copy: writeMaps });
    let during: string[] = [];
    const copy = async (generation: Generation) => {
      const manifest = await writeMaps(generation);
      during = await states(volume.directory);
      return manifest;
    };
    const kept = await keepGeneration(volume, 1, { copy });
    expect(during).toEqual(["2 interrupted false", "1 complete true"]);
    expect(kept).toMatchObject({ number: 2, removed: [1] });
    expect(await states(volume.directory)).toEqual(["2 complete true"]);
    const told = { found: 0, entries: 0 };
    const opened = await openGeneration(volume, kept, {
      onFound: ({ maps }) => {
        told.found = maps.reduce((sum, { entries }) => sum + entries, 0);
      },
      onBlock: ({ entries }) => {
        told.entries += entries;
      },
    });
    expect(opened.manifest).toEqual(kept.manifest);
    expect(told.found).toBeGreaterThan(0);
    expect(told.entries).toBe(told.found);
  });

  const failures: {
    readonly name: string;
    readonly copy: (generation: Generation) => Promise<Manifest>;
    says: string;
  }[] = [
    {
      name: "the copy breaks off",
      copy: async (generation) => {
        await writeMaps(generation);
        throw new Error("the cluster went away");
      },
      says: "the cluster went away",
    },
    {
      name: "a file is not what the manifest says",
      copy: async (generation) => {
        const manifest = await writeMaps(generation);
        truncateSync(join(generation.directory, manifest.maps[0]?.files[0]?.path ?? ""), 60);
        return manifest;
      },
      says: "0.entries: damaged at byte 60: found a file of 60 bytes",
    },
    {
      name: "the manifest is none",
      copy: async (generation) => ({ ...(await writeMaps(generation)), createdAt: "yesterday" }),
      says: "createdAt",
    },
  ];

  test.each(failures)("leaves nothing and takes nothing away when $name", async ({ copy, says }) => {
    const volume = await freshArchiveVolume();
    const first = await keepGeneration(volume, 1, { copy: writeMaps });
    await expect(keepGeneration(volume, 1, { copy })).rejects.toThrow(says);
    expect(await states(volume.directory)).toEqual(["1 complete true"]);
    expect(readdirSync(volume.directory)).toHaveLength(2);
    expect((await openGeneration(volume, first)).number).toBe(1);
  });

  test("is not begun on another cluster's volume", async () => {
    const volume = await freshArchiveVolume();
    const stranger = { ...volume, owner: { namespace: "demo", name: "other" } };
    await expect(keepGeneration(stranger, 1, { copy: writeMaps })).rejects.toThrow("the JetCluster is demo/orders");
    expect(readdirSync(volume.directory)).toEqual(["volume.json"]);
  });

  test("ends unverified, and so not at all, when it is told to end", async () => {
    const volume = await freshArchiveVolume();
    const signal = AbortSignal.abort(new Error("time is up"));
    await expect(keepGeneration(volume, 1, { copy: writeMaps, signal })).rejects.toThrow("time is up");
    expect(await states(volume.directory)).toEqual([]);
  });
});

describe("an archive to restore", () => {
  test("is refused when one of its files is damaged, although it was verified once", async () => {
    const volume = await freshArchiveVolume();
    const kept = await keepGeneration(volume, 1, { copy: writeMaps });
    const directory = join(volume.directory, `generation-1-${kept.nonce}`);
    const file = join(directory, kept.manifest.maps[0]?.files[0]?.path ?? "");
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, "something else");
    await expect(openGeneration(volume, kept)).rejects.toThrow(file);
  });

  test("is refused under another digest, and to another cluster", async () => {
    const volume = await freshArchiveVolume();
    const kept = await keepGeneration(volume, 1, { copy: writeMaps });
    await expect(openGeneration(volume, { ...kept, digest: "0".repeat(64) })).rejects.toThrow("the digest is");
    const stranger = { ...volume, owner: { ...owner, namespace: "other" } };
    await expect(openGeneration(stranger, kept)).rejects.toThrow(
      "the JetCluster is demo/orders, expected other/orders",
    );
  });
});
