import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { compress } from "./compression.ts";
import { type ArchiveError, ioError } from "./errors.ts";
import {
  type Entry,
  encodeFooter,
  encodeHeader,
  encodeRecordHead,
  entryHeadBytes,
  type FileTotals,
  type MapFileHeader,
  maxEntryBytes,
} from "./format.ts";
import { SpareBuffers } from "./spare-buffers.ts";

export interface WriterOptions {
  /** Entries are put together to about so many bytes before they are compressed. An entry that is larger is a block of its own. */
  readonly blockBytes?: number;
  /** Blocks that are compressed and written behind `add`, in bytes; one block is always let through. */
  readonly behindBytes?: number;
}

const defaults = { blockBytes: 1024 * 1024, behindBytes: 2 * 1024 * 1024 };

/** One file. Calls of `add` come one after the other, each awaited. */
export interface MapFileWriter {
  /**
   * Resolves when there is room for more: as long as it is awaited, memory does not grow. The bytes are copied or
   * written before the file is finished, not before this resolves: the caller must not change them.
   * @throws ArchiveIoError when this or anything before could not be written; the file is of no use then: `abort`.
   */
  add(entries: readonly Entry[]): Promise<void>;
  /** Everything is on the disk when this resolves (fdatasync), but for the directory's entry. */
  finish(): Promise<FileTotals>;
  /** Removes the file. May be called at any time, also after a failure. */
  abort(): Promise<void>;
}

/**
 * @throws ArchiveIoError when the file exists already or cannot be made.
 * @throws RangeError for a header that the format cannot hold.
 */
export async function createMapFileWriter(
  path: string,
  header: MapFileHeader,
  options: WriterOptions = {},
): Promise<MapFileWriter> {
  const start = encodeHeader(header);
  let handle: FileHandle;
  try {
    handle = await open(path, "wx", 0o640);
  } catch (error) {
    throw ioError(path, "cannot be written", error);
  }
  const writer = new BlockWriter(path, handle, { ...defaults, ...options });
  writer.begin(start);
  return writer;
}

interface FilledBlock {
  readonly block: Buffer;
  /** Bytes of it that hold entries. */
  readonly used: number;
  readonly entries: number;
}

class BlockWriter implements MapFileWriter {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #options: Required<WriterOptions>;
  readonly #hash = createHash("sha256");
  readonly #buffers: SpareBuffers;
  #block: Buffer;
  /** Of the block: a third faster than a Buffer's own methods, which counts with small entries. */
  #lengths: DataView;
  #used = 0;
  #blockEntries = 0;
  #entries = 0;
  #bytes = 0;
  #storedBytes = 0;
  /** The last write: they come one after the other. Never rejects. */
  #tail: Promise<void> = Promise.resolve();
  /** Blocks on their way, oldest first. */
  #behind: { readonly bytes: number; readonly written: Promise<void> }[] = [];
  #failure: ArchiveError | undefined;
  #closed = false;

  constructor(path: string, handle: FileHandle, options: Required<WriterOptions>) {
    this.#path = path;
    this.#handle = handle;
    this.#options = options;
    this.#buffers = new SpareBuffers(options.blockBytes);
    this.#block = this.#buffers.take(options.blockBytes);
    this.#lengths = new DataView(this.#block.buffer);
  }

  begin(header: Buffer): void {
    this.#enqueue(0, Promise.resolve([header]));
  }

  async add(entries: readonly Entry[]): Promise<void> {
    for (const { key, value } of entries) {
      const size = entryHeadBytes + key.length + value.length;
      if (size > maxEntryBytes) {
        throw new RangeError(`an entry of ${size} bytes: at most ${maxEntryBytes} can be archived`);
      }
      if (size > this.#block.length - this.#used) await this.#seal();
      if (size <= this.#block.length) this.#append(key, value);
      else await this.#addLarge(key, value, size);
    }
    this.#throwFailure();
  }

  async finish(): Promise<FileTotals> {
    await this.#seal();
    await this.#tail;
    this.#throwFailure();
    const totals = { entries: this.#entries, bytes: this.#bytes, digest: this.#hash.copy().digest("hex") };
    this.#enqueue(0, Promise.resolve([encodeFooter(totals)]));
    await this.#tail;
    this.#throwFailure();
    try {
      await this.#handle.datasync();
      await this.#close();
    } catch (error) {
      throw ioError(this.#path, "cannot be written", error);
    }
    return { ...totals, storedBytes: this.#storedBytes };
  }

  async abort(): Promise<void> {
    await this.#tail;
    // What the disk could not take is gone with the file.
    await this.#close().catch(() => {});
    await rm(this.#path, { force: true });
  }

  #append(key: Buffer, value: Buffer): void {
    const block = this.#block;
    let at = this.#used;
    this.#lengths.setUint32(at, key.length, true);
    this.#lengths.setUint32(at + 4, value.length, true);
    at += entryHeadBytes;
    block.set(key, at);
    at += key.length;
    block.set(value, at);
    this.#used = at + value.length;
    this.#count(key, value);
    this.#blockEntries++;
  }

  async #addLarge(key: Buffer, value: Buffer, size: number): Promise<void> {
    // Before it is copied: two copies of what is large are enough.
    await this.#room(size);
    const block = Buffer.allocUnsafeSlow(size);
    block.writeUInt32LE(key.length, 0);
    block.writeUInt32LE(value.length, 4);
    block.set(key, entryHeadBytes);
    block.set(value, entryHeadBytes + key.length);
    this.#count(key, value);
    this.#send({ block, used: size, entries: 1 });
  }

  #count(key: Buffer, value: Buffer): void {
    this.#entries++;
    this.#bytes += key.length + value.length;
  }

  /** Sends the block that was filled and begins another. */
  async #seal(): Promise<void> {
    if (this.#blockEntries === 0) return;
    const filled = { block: this.#block, used: this.#used, entries: this.#blockEntries };
    this.#block = this.#buffers.take(this.#options.blockBytes);
    this.#lengths = new DataView(this.#block.buffer);
    this.#used = 0;
    this.#blockEntries = 0;
    await this.#room(filled.used);
    this.#send(filled);
  }

  #send(filled: FilledBlock): void {
    this.#enqueue(filled.used, this.#recordOf(filled));
  }

  async #recordOf({ block, used, entries }: FilledBlock): Promise<readonly Buffer[]> {
    const stored = await compress(block.subarray(0, used));
    this.#buffers.giveBack(block);
    const size = { rawBytes: used, storedBytes: stored.length };
    return [encodeRecordHead({ kind: "block", entries, ...size, crc: crc32(stored) }), stored];
  }

  #enqueue(bytes: number, record: Promise<readonly Buffer[]>): void {
    const previous = this.#tail;
    const write = async () => {
      const [parts] = await Promise.all([record, previous]);
      if (this.#failure) return;
      for (const part of parts) {
        this.#hash.update(part);
        this.#storedBytes += part.length;
      }
      await writeAll(this.#handle, parts);
    };
    this.#tail = write().catch((error: unknown) => {
      this.#failure ??= ioError(this.#path, "cannot be written", error);
    });
    this.#behind.push({ bytes, written: this.#tail });
  }

  /** Waits until what is on its way, with so many bytes more, is within the bound. */
  async #room(bytes: number): Promise<void> {
    for (;;) {
      const behind = this.#behind.reduce((sum, block) => sum + block.bytes, 0);
      if (behind === 0 || behind + bytes <= this.#options.behindBytes) break;
      await this.#behind.shift()?.written;
    }
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}

/** All of it: a disk that fills up takes a part first. */
async function writeAll(handle: FileHandle, parts: readonly Buffer[]): Promise<void> {
  let rest = parts.filter((part) => part.length > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    rest = rest.flatMap((part) => {
      const taken = Math.min(bytesWritten, part.length);
      bytesWritten -= taken;
      return taken === part.length ? [] : [part.subarray(taken)];
    });
  }
}
