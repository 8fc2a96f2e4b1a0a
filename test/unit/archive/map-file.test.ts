import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readMapFile } from "../../../src/archive/block-reader.ts";
import { createMapFileWriter } from "../../../src/archive/block-writer.ts";
import { ArchiveError } from "../../../src/archive/errors.ts";
import { asText, entry, header, readAll, temporaryDirectory, writeMapFile } from "./map-files.ts";

const directory = temporaryDirectory();
let files = 0;
const freshPath = () => join(directory, `file-${files++}`);

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const entries = fc.array(fc.record({ key: bytes, value: bytes }), { maxLength: 60 });
const options = fc.record({
  blockBytes: fc.integer({ min: 16, max: 2_000 }),
  behindBytes: fc.integer({ min: 1, max: 4_000 }),
});

describe("a map file", () => {
  test("gives back exactly the entries that were written, in their order, however they were cut into blocks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { maxLength: 4 }), options, async (batches, sizes) => {
        const path = freshPath();
        const writer = await createMapFileWriter(path, header, sizes);
        for (const batch of batches) await writer.add(batch);
        const totals = await writer.finish();
        const all = batches.flat();
        expect(totals.entries).toBe(all.length);
        expect(totals.bytes).toBe(all.reduce((sum, { key, value }) => sum + key.length + value.length, 0));
        expect(totals.storedBytes).toBe(statSync(path).size);
        expect(asText(await readAll(path, { ...header, ...totals }))).toEqual(asText(all));
      }),
      { numRuns: 150 },
    );
  });

  test("holds a value of 50 MB between small ones", async () => {
    const large = Buffer.alloc(50_000_000, "0123456789abcdef");
    const written = [entry("a", "1"), { key: Buffer.from("b"), value: large }, entry("c", "3")];
    const path = freshPath();
    const totals = await writeMapFile(path, written);
    const read = await readAll(path, { ...header, ...totals });
    expect(read.map(({ value }) => value.length)).toEqual([1, large.length, 1]);
    expect(read[1]?.value.equals(large)).toBe(true);
  });

  test("of the same entries is the same file", async () => {
    const [first, second] = [freshPath(), freshPath()];
    const written = Array.from({ length: 500 }, (_, i) => entry(`key ${i}`, `value ${i}`));
    const totals = await writeMapFile(first, written, { blockBytes: 1_000 });
    expect(await writeMapFile(second, written, { blockBytes: 1_000 })).toEqual(totals);
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true);
  });

  test("is refused, with its path, whichever of its bytes is changed", async () => {
    const path = freshPath();
    const totals = await writeMapFile(path, [entry("key", "value"), entry("k2", "v2"), entry("k3", "v3")], {
      blockBytes: 32,
    });
    const good = readFileSync(path);
    for (let at = 0; at < good.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ mask;
        writeFileSync(path, bad);
        await expectRefusal(path, totals, `byte ${at} with ${mask}`);
      }
    }
  });

  test("is refused, with its path, whatever length it is cut to, and with a byte too many", async () => {
    const path = freshPath();
    const totals = await writeMapFile(path, [entry("key", "value"), entry("k2", "v2")], { blockBytes: 32 });
    const good = readFileSync(path);
    for (let length = 0; length < good.length; length++) {
      writeFileSync(path, good.subarray(0, length));
      await expectRefusal(path, totals, `cut to ${length}`);
    }
    writeFileSync(path, Buffer.concat([good, Buffer.from([0])]));
    await expectRefusal(path, totals, "a byte too many");
  });

  test("that exists is never overwritten", async () => {
    const path = freshPath();
    writeFileSync(path, "somebody's");
    await expect(createMapFileWriter(path, header)).rejects.toThrow(`${path}: cannot be written: EEXIST`);
    expect(readFileSync(path, "utf8")).toBe("somebody's");
  });

  test("is gone after abort", async () => {
    const path = freshPath();
    const writer = await createMapFileWriter(path, header, { blockBytes: 100 });
    await writer.add(Array.from({ length: 100 }, (_, i) => entry(`key ${i}`, "value")));
    await writer.abort();
    await writer.abort();
    expect(existsSync(path)).toBe(false);
  });

  test("can be left in the middle", async () => {
    const path = freshPath();
    const totals = await writeMapFile(
      path,
      Array.from({ length: 100 }, (_, i) => entry(`key ${i}`, "value")),
      { blockBytes: 64 },
    );
    for await (const block of readMapFile(path, { ...header, ...totals })) {
      expect(block).toHaveLength(3);
      break;
    }
  });
});

async function expectRefusal(path: string, totals: Awaited<ReturnType<typeof writeMapFile>>, what: string) {
  const error: unknown = await readAll(path, { ...header, ...totals }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, what).toBeInstanceOf(ArchiveError);
  expect((error as Error).message, what).toContain(path);
}
