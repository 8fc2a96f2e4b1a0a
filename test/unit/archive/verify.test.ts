import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeManifest } from "../../../src/archive/manifest.ts";
import { requireVerified, verifyGeneration } from "../../../src/archive/verify.ts";
import { freshVolume, type Saved, save } from "./archives.ts";
import { temporaryDirectory } from "./map-files.ts";

const parent = temporaryDirectory();

async function problemsOf(saved: Saved): Promise<string[]> {
  const results = await verifyGeneration(saved, saved.manifest);
  return results.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
}

const pathsOf = (saved: Saved) =>
  saved.manifest.maps.flatMap(({ files }) => files.map(({ path }) => join(saved.directory, path)));

/** What may befall a generation, and what is said of it. `path` is its first file. */
const cases: {
  readonly name: string;
  damage(saved: Saved, other: Saved): void;
  says(path: string, saved: Saved, other: Saved): string;
}[] = [
  {
    name: "a file that is missing",
    damage: (saved) => rmSync(pathsOf(saved)[0]!),
    says: (path) => `${path}: cannot be read: ENOENT`,
  },
  {
    name: "a directory in a file's place",
    damage: (saved) => {
      rmSync(pathsOf(saved)[0]!);
      cpSync(saved.directory, `${saved.directory}-copy`, { recursive: true });
      renameSync(`${saved.directory}-copy`, pathsOf(saved)[0]!);
    },
    says: (path) => `${path}: cannot be read: EISDIR`,
  },
  {
    name: "a file of another generation",
    damage: (saved, other) => cpSync(pathsOf(other)[0]!, pathsOf(saved)[0]!),
    says: (path, saved, other) => `${path}: the generation is ${other.nonce}, expected ${saved.nonce}`,
  },
  {
    name: "a file of another map",
    damage: (saved) => cpSync(pathsOf(saved)[1]!, pathsOf(saved)[0]!),
    says: (path) => `${path}: the map is "prices", expected "__jet.records"`,
  },
  {
    name: "a file that is empty",
    damage: (saved) => truncateSync(pathsOf(saved)[0]!, 0),
    says: (path) => `${path}: damaged at byte 0: found the end of the file after 0 bytes, expected 16 bytes more`,
  },
  {
    name: "a file of another format",
    damage: (saved) => {
      const bytes = readFileSync(pathsOf(saved)[0]!);
      bytes.writeUInt32LE(9, 8);
      writeFileSync(pathsOf(saved)[0]!, bytes);
    },
    says: (path) => `${path}: format version 9 is not known; this operator reads version 1`,
  },
  {
    name: "a file that is none of ours",
    damage: (saved) => writeFileSync(pathsOf(saved)[0]!, "PK zip file of somebody, and long enough".repeat(10)),
    says: (path) => `${path}: damaged at byte 0`,
  },
  {
    name: "a file too many",
    damage: (saved) => writeFileSync(join(saved.directory, "9999-0.entries"), ""),
    says: (_, saved) => `${join(saved.directory, "9999-0.entries")}: not named by the manifest`,
  },
];

describe("verification", () => {
  test("of a generation as it was written finds each file good, with its counts", async () => {
    const saved = await save(await freshVolume(parent));
    const results = await verifyGeneration(saved, saved.manifest);
    expect(results.map(({ map, entries, problem }) => ({ map, entries, problem }))).toEqual([
      { map: "__jet.records", entries: 1, problem: undefined },
      { map: "prices", entries: 2, problem: undefined },
      { map: "prices", entries: 1, problem: undefined },
    ]);
    await requireVerified(saved, saved.manifest);
  });

  test.each(cases)("names $name", async ({ damage, says }) => {
    const volume = await freshVolume(parent);
    const [saved, other] = [await save(volume), await save(volume)];
    const path = pathsOf(saved)[0]!;
    damage(saved, other);
    const problems = await problemsOf(saved);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says(path, saved, other));
    await expect(requireVerified(saved, saved.manifest)).rejects.toThrow(says(path, saved, other));
    expect(await problemsOf(other)).toEqual([]);
  });

  test("names two files that have changed places, although they are of the same map", async () => {
    const saved = await save(await freshVolume(parent));
    const [, first = "", second = ""] = pathsOf(saved);
    renameSync(first, `${first}.x`);
    renameSync(second, first);
    renameSync(`${first}.x`, second);
    expect(await problemsOf(saved)).toHaveLength(2);
    await expect(requireVerified(saved, saved.manifest)).rejects.toThrow(/; and 1 more files$/);
  });

  test("ends when it is told to", async () => {
    const saved = await save(await freshVolume(parent));
    const signal = AbortSignal.abort(new Error("time is up"));
    await expect(verifyGeneration(saved, saved.manifest, { signal })).rejects.toThrow("time is up");
  });
});

describe("counts in a manifest", () => {
  const file = { path: "0000-0.entries", entries: 2, bytes: 10, storedBytes: 100, digest: "0".repeat(64) };
  const map = { name: "m", kind: "user" as const, entries: 2, bytes: 10, files: [file] };

  test.each([
    ["entries are not those of its files", [{ ...map, entries: 3 }]],
    ["bytes are not those of its files", [{ ...map, bytes: 11 }]],
    ["a map is named twice", [map, map]],
    ["a file is named twice", [map, { ...map, name: "n" }]],
  ])("are refused when %s", async (message, maps) => {
    const saved = await save(await freshVolume(parent));
    expect(() => encodeManifest({ ...saved.manifest, maps })).toThrow(message);
  });
});
