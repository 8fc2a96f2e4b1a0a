import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createGeneration,
  findGeneration,
  type Generation,
  listGenerations,
  markVerified,
  prune,
  removeInterrupted,
} from "../../../src/archive/generations.ts";
import { freshVolume, type Saved, save } from "./archives.ts";
import { temporaryDirectory } from "./map-files.ts";

const parent = temporaryDirectory();

async function states(volume: string): Promise<string[]> {
  return (await listGenerations(volume)).map(({ number, content }) => {
    const verified = content.kind === "complete" && content.verified ? " verified" : "";
    return `${number} ${content.kind}${verified}`;
  });
}

describe("generations of a volume", () => {
  test("are numbered upwards and listed newest first, with what each is", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    await save(volume, { verified: false });
    await createGeneration(volume);
    const damaged = await save(volume);
    writeFileSync(join(damaged.directory, "manifest.json"), "{}");
    expect(await states(volume)).toEqual(["4 unreadable", "3 interrupted", "2 complete", "1 complete verified"]);
  });

  test("are only directories of that name: files, links and what the file system keeps are passed over", async () => {
    const volume = await freshVolume(parent);
    const saved = await save(volume);
    mkdirSync(join(volume, "lost+found"));
    mkdirSync(join(volume, "generation-7"));
    writeFileSync(join(volume, "generation-8-0000000000000000"), "");
    symlinkSync(saved.directory, join(volume, "generation-9-0000000000000000"));
    expect(await states(volume)).toEqual(["1 complete verified"]);
  });

  test("under another name than the manifest has are unreadable", async () => {
    const volume = await freshVolume(parent);
    const { directory, nonce } = await save(volume);
    renameSync(directory, join(volume, `generation-2-${nonce}`));
    expect(await states(volume)).toEqual(["2 unreadable"]);
  });

  test("count as verified only by a mark for just that manifest", async () => {
    const volume = await freshVolume(parent);
    const saved = await save(volume, { verified: false });
    await markVerified(saved, "0".repeat(64));
    expect(await states(volume)).toEqual(["1 complete"]);
    await markVerified(saved, saved.digest);
    expect(await states(volume)).toEqual(["1 complete verified"]);
  });

  test("are found by number, nonce and digest, and in no other way", async () => {
    const volume = await freshVolume(parent);
    const { number, nonce, digest, manifest } = await save(volume);
    expect((await findGeneration(volume, { number, nonce, digest })).manifest).toEqual(manifest);
    const other = "f".repeat(64);
    await expect(findGeneration(volume, { number, nonce, digest: other })).rejects.toThrow(
      `manifest.json: the digest is ${digest}, expected ${other}`,
    );
    await expect(findGeneration(volume, { number: 2, nonce, digest })).rejects.toThrow("ENOENT");
  });

  test("a directory that cannot be read is named", async () => {
    const missing = join(parent, "missing");
    await expect(listGenerations(missing)).rejects.toThrow(`${missing}: cannot be read: ENOENT`);
  });
});

describe("prune", () => {
  test("keeps the newest verified ones and removes what they supersede", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    await save(volume);
    await createGeneration(volume);
    await save(volume, { verified: false });
    await save(volume);
    const removed = await prune(volume, 2);
    expect(removed.map(({ number }) => number)).toEqual([4, 3, 1]);
    expect(await states(volume)).toEqual(["5 complete verified", "2 complete verified"]);
  });

  test("removes nothing for a generation that is not verified yet", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    await save(volume, { verified: false });
    expect(await prune(volume, 1)).toEqual([]);
    expect(await states(volume)).toEqual(["2 complete", "1 complete verified"]);
  });

  test("removes nothing where nothing is verified", async () => {
    const volume = await freshVolume(parent);
    await createGeneration(volume);
    await save(volume, { verified: false });
    expect(await prune(volume, 1)).toEqual([]);
  });

  test("does not touch what is newer than the newest verified one", async () => {
    const volume = await freshVolume(parent);
    await save(volume);
    await createGeneration(volume);
    expect(await prune(volume, 1)).toEqual([]);
    expect(await states(volume)).toEqual(["2 interrupted", "1 complete verified"]);
  });

  test("refuses to keep none", async () => {
    await expect(prune(await freshVolume(parent), 0)).rejects.toThrow("keep 0: at least 1 is accepted");
  });

  test("whatever happened before, leaves the newest verified generations as they were", async () => {
    const kinds = fc.constantFrom("verified", "complete", "interrupted", "damaged");
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), async (history, keep) => {
        const volume = await freshVolume(parent);
        const made: { kind: string; saved: Generation | Saved }[] = [];
        for (const kind of history) made.push({ kind, saved: await make(volume, kind) });
        await prune(volume, keep);
        const verified = made.filter(({ kind }) => kind === "verified");
        const left = (await listGenerations(volume)).filter(
          ({ content }) => content.kind === "complete" && content.verified,
        );
        expect(left.map(({ number }) => number)).toEqual(
          verified
            .slice(-keep)
            .reverse()
            .map(({ saved }) => saved.number),
        );
        for (const { directory } of left) expect(readdirSync(directory)).toHaveLength(5);
        rmSync(volume, { recursive: true });
      }),
      { numRuns: 15 },
    );
  });
});

async function make(volume: string, kind: string): Promise<Generation> {
  if (kind === "interrupted") return createGeneration(volume);
  const saved = await save(volume, { verified: kind !== "complete" });
  if (kind === "damaged") writeFileSync(join(saved.directory, "manifest.json"), "x");
  return saved;
}

test("what interrupted saves have left is removed before the next one, and nothing else", async () => {
  const volume = await freshVolume(parent);
  const first = await createGeneration(volume);
  writeFileSync(join(first.directory, "0000-0.entries"), "half");
  await save(volume, { verified: false });
  const third = await createGeneration(volume);
  expect((await removeInterrupted(volume)).map(({ number }) => number)).toEqual([3, 1]);
  expect(existsSync(first.directory) || existsSync(third.directory)).toBe(false);
  expect(await states(volume)).toEqual(["2 complete"]);
});
