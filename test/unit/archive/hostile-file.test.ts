import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DamagedFileError } from "../../../src/archive/errors.ts";
import { encodeFooter, encodeHeader, encodeRecordHead } from "../../../src/archive/format.ts";
import { asText, entry, header, readAll, temporaryDirectory } from "./map-files.ts";

const directory = temporaryDirectory();
let files = 0;

/** A record whose checksums are right, whatever else it says. */
function block(raw: Buffer, lies: { entries?: number; rawBytes?: number; storedBytes?: number } = {}): Buffer {
  const stored = zstdCompressSync(raw);
  const head = { entries: 1, rawBytes: raw.length, storedBytes: stored.length, ...lies };
  return Buffer.concat([encodeRecordHead({ kind: "block", ...head, crc: crc32(stored) }), stored]);
}

function packed(key: string, value: string, lengths = { key: key.length, value: value.length }): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(lengths.key, 0);
  head.writeUInt32LE(lengths.value, 4);
  return Buffer.concat([head, Buffer.from(key + value)]);
}

/** A file of these records with a footer, and a manifest's line, that fit them as far as their digest goes. */
async function readFileOf(records: readonly Buffer[], totals = { entries: 1, bytes: 8 }, end = Buffer.alloc(0)) {
  const path = join(directory, `file-${files++}`);
  const body = Buffer.concat([encodeHeader(header), ...records]);
  const digest = createHash("sha256").update(body).digest("hex");
  const bytes = Buffer.concat([body, encodeFooter({ ...totals, digest }), end]);
  writeFileSync(path, bytes);
  return readAll(path, { ...header, ...totals, digest, storedBytes: bytes.length });
}

const good = packed("key", "value");

describe("a file with right checksums", () => {
  test("is read when it is right in all else", async () => {
    expect(asText(await readFileOf([block(good)]))).toEqual(asText([entry("key", "value")]));
  });

  test.each([
    ["a size that would take all memory", [block(good, { rawBytes: 0xffff_ffff })], "at most 268435456 unpacked"],
    ["more bytes than the file has", [block(good, { storedBytes: 0xffff_ffff })], "that are left"],
    ["more, when unpacked, than it says", [block(good, { rawBytes: 5 })], "5 bytes of zstd"],
    ["less, when unpacked, than it says", [block(good, { rawBytes: 50 })], "50 bytes of zstd"],
    ["another number of entries", [block(good, { entries: 2 })], "found 1 entries in 16 bytes, expected 2"],
    ["a key that leads out of its block", [block(packed("key", "value", { key: 900, value: 5 }))], "broken entries"],
    ["a value of 4 GB in its block", [block(packed("key", "value", { key: 3, value: 0xffff_ffff }))], "broken entries"],
    ["half an entry at its end", [block(Buffer.concat([good, Buffer.alloc(3)]))], "broken entries"],
    ["no zstd", [Buffer.concat([encodeRecordHead(lyingHead(good)), good])], "bytes of zstd"],
  ])("is refused for %s", async (_, records, message) => {
    const refusal = readFileOf(records);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toThrow(DamagedFileError);
  });

  test("is refused when a block is there twice, or missing, although the manifest says so too", async () => {
    await expect(readFileOf([block(good), block(good)])).rejects.toThrow("found entries 2, expected 1 by its footer");
    await expect(readFileOf([])).rejects.toThrow("found entries 0, expected 1 by its footer");
  });

  test("is refused for bytes after its footer", async () => {
    const more = readFileOf([block(good)], { entries: 1, bytes: 8 }, Buffer.from("more"));
    await expect(more).rejects.toThrow("found 4 bytes after the footer, expected none");
  });

  test("is refused when it ends without a footer", async () => {
    const path = join(directory, "no-footer");
    const bytes = Buffer.concat([encodeHeader(header), block(good)]);
    writeFileSync(path, bytes);
    const expected = { ...header, entries: 1, bytes: 8, digest: "", storedBytes: bytes.length };
    await expect(readAll(path, expected)).rejects.toThrow("found the end of the file");
  });

  test.each([
    [{ digest: "0".repeat(64) }, "digest is"],
    [{ entries: 2 }, "entries is 1, expected 2 by the manifest"],
    [{ bytes: 9 }, "bytes is 8, expected 9 by the manifest"],
  ])("is refused when the manifest says %j", async (lie, message) => {
    const path = join(directory, `file-${files++}`);
    const body = Buffer.concat([encodeHeader(header), block(good)]);
    const digest = createHash("sha256").update(body).digest("hex");
    const bytes = Buffer.concat([body, encodeFooter({ entries: 1, bytes: 8, digest })]);
    writeFileSync(path, bytes);
    const expected = { ...header, entries: 1, bytes: 8, digest, storedBytes: bytes.length, ...lie };
    await expect(readAll(path, expected)).rejects.toThrow(message);
  });
});

function lyingHead(stored: Buffer) {
  const size = { rawBytes: stored.length, storedBytes: stored.length };
  return { kind: "block", entries: 1, ...size, crc: crc32(stored) } as const;
}
