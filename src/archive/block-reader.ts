import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { decompress } from "./compression.ts";
import { DamagedFileError, ioError, WrongFileError } from "./errors.ts";
import {
  checkCrc,
  checkHeader,
  decodeFooter,
  decodeRecordHead,
  type Entry,
  entryHeadBytes,
  type FileTotals,
  footerPayloadBytes,
  headerLength,
  headerStartBytes,
  type MapFileHeader,
  maxEntryBytes,
  type RecordHead,
  recordHeadBytes,
} from "./format.ts";
import { type BlockSource, type PendingBlock, readAhead } from "./read-ahead.ts";

export interface ReaderOptions {
  /** Blocks that are read and decompressed ahead of the caller, in bytes of entries; one block is always let through. */
  readonly aheadBytes?: number;
}

const defaultAheadBytes = 3 * 1024 * 1024;

/**
 * The entries, block by block, in the order they were written. A block is given only when it is whole; that the *file* is
 * whole is known when the iteration ends without an error.
 * @param expected what the manifest says of the file.
 * @throws DamagedFileError, WrongFileError, UnknownFormatError or ArchiveIoError, which name the file.
 */
export async function* readMapFile(
  path: string,
  expected: MapFileHeader & FileTotals,
  { aheadBytes = defaultAheadBytes }: ReaderOptions = {},
): AsyncGenerator<readonly Entry[], void, void> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw ioError(path, "cannot be read", error);
  }
  const reader = new BlockReader(path, handle, expected);
  try {
    await reader.open();
    yield* readAhead(reader, aheadBytes);
    await reader.close();
  } catch (error) {
    throw ioError(path, "cannot be read", error);
  } finally {
    await handle.close();
  }
}

class BlockReader implements BlockSource {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #expected: MapFileHeader & FileTotals;
  readonly #hash: Hash = createHash("sha256");
  #size = 0;
  #offset = 0;
  #head: RecordHead | undefined;
  #entries = 0;
  #bytes = 0;

  constructor(path: string, handle: FileHandle, expected: MapFileHeader & FileTotals) {
    this.#path = path;
    this.#handle = handle;
    this.#expected = expected;
  }

  /** Reads up to the first record's head. */
  async open(): Promise<void> {
    const start = await this.#read(headerStartBytes);
    const length = headerLength(this.#path, start);
    const header = Buffer.concat([start, await this.#read(length - headerStartBytes)]);
    checkHeader(this.#path, header, this.#expected);
    this.#size = (await this.#handle.stat()).size;
    if (this.#size !== this.#expected.storedBytes) {
      throw new DamagedFileError(this.#path, {
        offset: Math.min(this.#size, this.#expected.storedBytes),
        found: `a file of ${this.#size} bytes`,
        expected: `${this.#expected.storedBytes} bytes`,
      });
    }
    this.#hash.update(header);
    this.#takeHead(await this.#read(recordHeadBytes));
  }

  /** Bytes of entries in the next block; undefined at the footer. */
  get nextBytes(): number | undefined {
    return this.#head?.kind === "block" ? this.#head.rawBytes : undefined;
  }

  /** Reads the next block and the head that follows. Its entries are unpacked meanwhile. */
  async next(): Promise<PendingBlock> {
    const head = this.#head;
    if (!head) throw new Error("not open: this is a defect");
    const at = this.#offset;
    const bytes = await this.#read(head.storedBytes + recordHeadBytes);
    const payload = bytes.subarray(0, head.storedBytes);
    checkCrc(this.#path, at, head.crc, payload);
    this.#hash.update(payload);
    this.#takeHead(bytes.subarray(head.storedBytes));
    this.#entries += head.entries;
    this.#bytes += head.rawBytes - head.entries * entryHeadBytes;
    const entries = this.#unpack(head, payload, at);
    // Whoever waits for it is told; nobody may be waiting yet.
    entries.catch(() => {});
    return { rawBytes: head.rawBytes, entries };
  }

  /** The footer, and what the manifest says of the whole. */
  async close(): Promise<void> {
    const at = this.#offset;
    const payload = await this.#read(footerPayloadBytes);
    checkCrc(this.#path, at, this.#head?.crc ?? 0, payload);
    if (this.#offset !== this.#size) {
      const found = `${this.#size - this.#offset} bytes after the footer`;
      throw new DamagedFileError(this.#path, { offset: this.#offset, found, expected: "none" });
    }
    const counted = { entries: this.#entries, bytes: this.#bytes, digest: this.#hash.digest("hex") };
    const footer = decodeFooter(payload);
    for (const field of ["entries", "bytes", "digest"] as const) {
      if (counted[field] !== footer[field]) {
        const [found, expected] = [`${field} ${counted[field]}`, `${footer[field]} by its footer`];
        throw new DamagedFileError(this.#path, { offset: at, found, expected });
      }
      if (counted[field] !== this.#expected[field]) {
        const [found, expected] = [String(counted[field]), `${this.#expected[field]} by the manifest`];
        throw new WrongFileError(this.#path, field, { found, expected });
      }
    }
  }

  #takeHead(bytes: Buffer): void {
    const at = this.#offset - recordHeadBytes;
    const head = decodeRecordHead(this.#path, at, bytes);
    const left = this.#size - this.#offset;
    if (head.kind === "footer") {
      if (head.storedBytes !== footerPayloadBytes) this.#badLength(at, head, `${footerPayloadBytes} for a footer`);
    } else {
      this.#hash.update(bytes);
      if (head.storedBytes > left) this.#badLength(at, head, `at most the ${left} that are left`);
      if (head.rawBytes > maxEntryBytes) this.#badLength(at, head, `at most ${maxEntryBytes} unpacked`);
    }
    this.#head = head;
  }

  #badLength(offset: number, { rawBytes, storedBytes }: RecordHead, expected: string): never {
    const found = `a record of ${storedBytes} bytes, ${rawBytes} unpacked`;
    throw new DamagedFileError(this.#path, { offset, found, expected });
  }

  async #unpack(head: RecordHead, payload: Buffer, offset: number): Promise<readonly Entry[]> {
    let raw: Buffer;
    try {
      raw = await decompress(payload, head.rawBytes);
    } catch (cause) {
      throw new DamagedFileError(this.#path, {
        offset,
        found: `a block: ${(cause as Error).message}`,
        expected: "zstd",
      });
    }
    const entries = entriesOf(raw);
    if (raw.length === head.rawBytes && entries?.length === head.entries) return entries;
    const expected = `${head.entries} in ${head.rawBytes} bytes`;
    const found = `${entries?.length ?? "broken"} entries in ${raw.length} bytes`;
    throw new DamagedFileError(this.#path, { offset, found, expected });
  }

  /** Exactly so many bytes. */
  async #read(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, this.#offset + filled);
      if (bytesRead === 0) {
        const found = `the end of the file after ${this.#offset + filled} bytes`;
        throw new DamagedFileError(this.#path, { offset: this.#offset, found, expected: `${length} bytes more` });
      }
      filled += bytesRead;
    }
    this.#offset += length;
    return bytes;
  }
}

/** Views of the block, nothing is copied. @returns undefined when a length leads out of it. */
function entriesOf(raw: Buffer): Entry[] | undefined {
  const entries: Entry[] = [];
  let at = 0;
  while (at < raw.length) {
    if (raw.length - at < entryHeadBytes) return undefined;
    const keyStart = at + entryHeadBytes;
    const valueStart = keyStart + raw.readUInt32LE(at);
    const end = valueStart + raw.readUInt32LE(at + 4);
    if (end > raw.length) return undefined;
    entries.push({ key: raw.subarray(keyStart, valueStart), value: raw.subarray(valueStart, end) });
    at = end;
  }
  return entries;
}
