import { MalformedError } from "./errors.ts";

/** Serialised objects start with a partition hash (0 = none) and a type id, big endian. */
const typeIds = { null: 0, identified: -2, long: -8, string: -11, java: -100 } as const;
const headerBytes = 8;

/** Reads a serialised object field by field. Big endian, unlike the frames around it. Every method @throws MalformedError */
export class DataReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  int(): number {
    return this.take(4).readInt32BE(0);
  }

  long(): bigint {
    return this.take(8).readBigInt64BE(0);
  }

  double(): number {
    return this.take(8).readDoubleBE(0);
  }

  byte(): number {
    return this.take(1).readUInt8(0);
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  /** How many elements follow, each of at least so many bytes: no more than can be there. */
  count(leastBytes: number): number {
    const count = this.int();
    if (count < 0 || count * leastBytes > this.#bytes.length - this.#at) throw new MalformedError(`a list of ${count}`);
    return count;
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at);
  }

  take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) throw new MalformedError("serialised data cut short");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A string field: int length and UTF-8; −1 is null. */
  text(): string | undefined {
    const length = this.int();
    return length === -1 ? undefined : this.take(length).toString("utf8");
  }

  /** A string written as an object. */
  textObject(): string | undefined {
    const type = this.int();
    if (type === typeIds.null) return undefined;
    if (type !== typeIds.string) throw new MalformedError(`a string expected, type ${type} found`);
    return this.text();
  }

  /** The head of an object of this class; its fields follow. False: the object is null. */
  identified(factory: number, classId: number): boolean {
    const type = this.int();
    if (type === typeIds.null) return false;
    const found = type === typeIds.identified ? [this.take(1)[0], this.int(), this.int()] : [];
    if (found[0] !== 1 || found[1] !== factory || found[2] !== classId) {
      throw new MalformedError(`class ${classId} of factory ${factory} expected`);
    }
    return true;
  }

  /** The name of a Java enum constant written as an object: a Java serialisation stream, which tells no length. */
  javaEnum(): string {
    const type = this.int();
    if (type !== typeIds.java) throw new MalformedError(`a Java object expected, type ${type} found`);
    const stream = { magic: this.take(4).toString("hex"), kind: this.take(1)[0] };
    if (stream.magic !== "aced0005" || stream.kind !== 0x7e) throw new MalformedError("a Java enum expected");
    this.#javaClass();
    if (this.take(1)[0] !== 0x74) throw new MalformedError("the name of a Java enum constant expected");
    return this.#javaText();
  }

  /** Class descriptions up to the one without a parent: name, version, flags, no fields, end of annotations. */
  #javaClass(): void {
    for (let depth = 0; depth < 3; depth++) {
      if (this.take(1)[0] === 0x70) return;
      this.#javaText();
      this.take(8 + 1 + 2 + 1);
    }
    throw new MalformedError("a Java enum with too many parents");
  }

  #javaText(): string {
    return this.take(this.take(2).readUInt16BE(0)).toString("utf8");
  }
}

/** A reader of a serialised object's content, after its hash; at its type id. */
export function readerOf(data: Buffer): DataReader {
  const reader = new DataReader(data);
  reader.int();
  return reader;
}

/** A Java `Long`, serialised: the form of a job id as a map's key. */
export function longData(value: bigint): Buffer {
  const bytes = Buffer.alloc(headerBytes + 8);
  bytes.writeInt32BE(typeIds.long, 4);
  bytes.writeBigInt64BE(value, headerBytes);
  return bytes;
}

/** The `Long` that `longData` makes. @throws MalformedError */
export function readLong(data: Buffer): bigint {
  const reader = readerOf(data);
  const type = reader.int();
  if (type !== typeIds.long) throw new MalformedError(`a long expected, type ${type} found`);
  return reader.long();
}

/**
 * The partition a key lives in. The hash is the one that the key's header brings (a key made for a partition does), or
 * MurmurHash3 (x86, 32 bits) of the content, without the header.
 */
export function partitionOf(key: Buffer, partitionCount: number): number {
  const own = key.length >= headerBytes ? key.readInt32BE(0) : 0;
  const hash = own === 0 ? murmur(key.subarray(headerBytes)) : own;
  return hash === -0x8000_0000 ? 0 : Math.abs(hash) % partitionCount;
}

const seed = 0x0100_0193;

function murmur(bytes: Buffer): number {
  let hash = seed;
  const blocks = bytes.length - (bytes.length % 4);
  for (let at = 0; at < blocks; at += 4) {
    hash ^= scramble(bytes.readInt32LE(at));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= blocks; at--) tail = (tail << 8) | (bytes[at] ?? 0);
  if (blocks < bytes.length) hash ^= scramble(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e_2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b87_3593);
}
