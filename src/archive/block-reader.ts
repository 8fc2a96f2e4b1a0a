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
import { SpareBuffers } from "./spare-buffers.ts";

export interface ReaderOptions {
  /** Blocks that are read and decompressed ahead of the caller, in bytes of entries; one block is always let through. */
  readonly aheadBytes?: number;
}

const defaultAheadBytes = 3 * 1024 * 1024;
/** What a block with its next head is on the disk at most, but for one of a large entry. */
const storedBlockBytes = 1024 * 1024 + 16 * 1024;

export interface BlockCounts {
  readonly entries: number;
  /** Of keys and values. */
  readonly bytes: number;
}

/**
 * The entries, block by block, in the order they were written. A block is given only when it is whole; that the *file* is
 * whole is known when the iteration ends without an error.
 * @param expected what the manifest says of the file.
 * @throws DamagedFileError, WrongFileError, UnknownFormatError or ArchiveIoError, which name the file.
 */
export function readMapFile(
  path: string,
  expected: MapFileHeader & FileTotals,
  options: ReaderOptions = {},
): AsyncGenerator<readonly Entry[], void, void> {
  return readBlocks(path, expected, { unpack: entriesOf, ...options });
}

/** Checks all that `readMapFile` checks, and throws the same, without making an object of each entry. */
export function checkMapFile(
  path: string,
  expected: MapFileHeader & FileTotals,
  options: ReaderOptions = {},
): AsyncGenerator<BlockCounts, void, void> {
  return readBlocks(path, expected, { unpack: countsOf, ...options });
}

interface Unpacked<T> {
  readonly entries: number;
  readonly content: T;
}

/** @returns undefined for bytes that are no entries. */
type Unpack<T> = (raw: Buffer) => Unpacked<T> | undefined;

async function* readBlocks<T>(
  path: string,
  expected: MapFileHeader & FileTotals,
  { unpack, aheadBytes = defaultAheadBytes }: ReaderOptions & { readonly unpack: Unpack<T> },
): AsyncGenerator<T, void, void> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw ioError(path, "cannot be read", error);
  }
  const reader = new BlockReader(path, handle, expected);
  try {
    await reader.open();
    // Each block's entries are made only when they are asked for: there are many, and they would grow old in the queue.
    for await (const block of readAhead(reader, aheadBytes)) yield contentOf(path, block, unpack(await block.raw));
    await reader.close();
  } catch (error) {
    throw ioError(path, "cannot be read", error);
  } finally {
    await handle.close();
  }
}

interface ReadBlock extends PendingBlock {
  readonly entries: number;
  /** In the file. */
  readonly offset: number;
}

function contentOf<T>(path: string, { entries, rawBytes, offset }: ReadBlock, unpacked: Unpacked<T> | undefined): T {
  if (unpacked?.entries === entries) return unpacked.content;
  const found = `${unpacked?.entries ?? "broken"} entries in ${rawBytes} bytes`;
  throw new DamagedFileError(path, { offset, found, expected: String(entries) });
}

class BlockReader implements BlockSource<ReadBlock> {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #expected: MapFileHeader & FileTotals;
  readonly #hash: Hash = createHash("sha256");
  readonly #buffers = new SpareBuffers(storedBlockBytes);
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
  async next(): Promise<ReadBlock> {
    const head = this.#head;
    if (!head) throw new Error("not open: this is a defect");
    const at = this.#offset;
    const length = head.storedBytes + recordHeadBytes;
    const buffer = this.#buffers.take(length);
    const bytes = await this.#fill(buffer.subarray(0, length));
    const payload = bytes.subarray(0, head.storedBytes);
    checkCrc(this.#path, at, head.crc, payload);
    this.#hash.update(payload);
    this.#takeHead(bytes.subarray(head.storedBytes));
    this.#entries += head.entries;
    this.#bytes += head.rawBytes - head.entries * entryHeadBytes;
    const raw = this.#unpacked(head, payload, at).finally(() => this.#buffers.giveBack(buffer));
    // Whoever waits for it is told; nobody may be waiting yet.
    raw.catch(() => {});
    return { rawBytes: head.rawBytes, raw, entries: head.entries, offset: at };
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

  async #unpacked({ rawBytes }: RecordHead, payload: Buffer, offset: number): Promise<Buffer> {
    let found: string;
    try {
      const raw = await decompress(payload, rawBytes);
      if (raw.length === rawBytes) return raw;
      found = `a block of ${raw.length} bytes`;
    } catch (cause) {
      found = `a block: ${(cause as Error).message}`;
    }
    throw new DamagedFileError(this.#path, { offset, found, expected: `${rawBytes} bytes of zstd` });
  }

  #read(length: number): Promise<Buffer> {
    return this.#fill(Buffer.alloc(length));
  }

  /** Reads on until the buffer is full. @returns the same buffer */
  async #fill(bytes: Buffer): Promise<Buffer> {
    const { length } = bytes;
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

/** Views of the block, nothing is copied. */
function entriesOf(raw: Buffer): Unpacked<Entry[]> | undefined {
  const content: Entry[] = [];
  const whole = forEachEntry(raw, (keyStart, valueStart, end) => {
    content.push({ key: raw.subarray(keyStart, valueStart), value: raw.subarray(valueStart, end) });
  });
  return whole ? { entries: content.length, content } : undefined;
}

function countsOf(raw: Buffer): Unpacked<BlockCounts> | undefined {
  let [entries, bytes] = [0, 0];
  const whole = forEachEntry(raw, (keyStart, _, end) => {
    entries++;
    bytes += end - keyStart;
  });
  return whole ? { entries, content: { entries, bytes } } : undefined;
}

/** @returns false when a length leads out of the block. */
function forEachEntry(raw: Buffer, take: (keyStart: number, valueStart: number, end: number) => void): boolean {
  const lengths = new DataView(raw.buffer, raw.byteOffset, raw.length);
  let at = 0;
  while (at < raw.length) {
    if (raw.length - at < entryHeadBytes) return false;
    const keyStart = at + entryHeadBytes;
    const valueStart = keyStart + lengths.getUint32(at, true);
    const end = valueStart + lengths.getUint32(at + 4, true);
    if (end > raw.length) return false;
    take(keyStart, valueStart, end);
    at = end;
  }
  return true;
}
