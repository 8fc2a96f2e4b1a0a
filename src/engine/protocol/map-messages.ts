import { MalformedError } from "./errors.ts";
import { bytesAt, type Field, intField, structsAt, textAt, uuidAt, uuidBytes } from "./fields.ts";
import { flag, headerBytes, offset, writeFrame } from "./frames.ts";
import type { Incoming, Message } from "./message.ts";

/** One entry as the engine keeps it: key and value serialised. */
export interface RawEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Anything distributed that the member asked knows of: a map, a queue … */
export interface DistributedObject {
  /** The engine's name for its kind, as `hz:impl:mapService`. */
  readonly service: string;
  readonly name: string;
}

/** What the member asked knows of. Only what a proxy was made for; a fresh name may be missing on some members. */
export const distributedObjects: Message<DistributedObject[]> = {
  type: 0x000800,
  read: (_, fields) => structsAt(fields, 0).map((object) => ({ service: textAt(object, 0), name: textAt(object, 1) })),
};

/** Makes the name known on every member. PASSIVE refuses it. */
export function createProxy({ service, name }: DistributedObject): Message<undefined> {
  return { type: 0x000400, fields: [Buffer.from(name), Buffer.from(service)], read: () => undefined };
}

/** Entries in all partitions. No proxy is made. */
export function mapSize(name: string): Message<number> {
  const read = (fixed: Buffer) => bytesAt([fixed], 0, offset.responseFixed + 4).readInt32LE(offset.responseFixed);
  return { type: 0x012a00, fields: [Buffer.from(name)], read };
}

const evictsNothing = 2;

/** Whether the map's configuration has entries end by age or idleness, or make room for others. */
export function mapForgets(name: string): Message<boolean> {
  return {
    type: 0x200300,
    fields: [Buffer.from(name)],
    read(fixed) {
      // Three numbers before; then seconds to live and idle, size and its policy, reading of backups, eviction.
      const results = bytesAt([fixed], 0, offset.responseFixed + 33).subarray(offset.responseFixed);
      return results.readInt32LE(12) > 0 || results.readInt32LE(16) > 0 || results.readInt32LE(29) !== evictsNothing;
    },
  };
}

/** Where the reading of a partition goes on: pairs of index and table size, as the engine gave them. */
export type Pointers = Buffer;
export const firstPointers: Pointers = Buffer.concat([intField(0x7fff_ffff), intField(-1)]);

export interface Batch {
  readonly entries: readonly RawEntry[];
  /** Undefined: the partition has been read. */
  readonly next: Pointers | undefined;
}

/** About `count` entries of a partition, from `pointers` on. No proxy is made. */
export function fetchEntries(name: string, partition: number, pointers: Pointers, count: number): Message<Batch> {
  const fields = [Buffer.from(name), pointers];
  return { type: 0x013800, partition, fixed: [intField(count)], fields, read: (_, answer) => batchOf(answer) };
}

function batchOf(fields: readonly Field[]): Batch {
  const pointers = bytesAt(fields, 0, 8);
  if (pointers.length % 8 !== 0) throw new MalformedError("iteration pointers cut short");
  const data = fields[1];
  if (!Array.isArray(data) || data.length % 2 !== 0) throw new MalformedError("a list of keys and values expected");
  const entries: RawEntry[] = [];
  for (let at = 0; at < data.length; at += 2) entries.push({ key: bytesAt(data, at), value: bytesAt(data, at + 1) });
  const over = entries.length === 0 || pointers.readInt32LE(pointers.length - 8) < 0;
  return { entries, next: over ? undefined : pointers };
}

/** Puts entries of one partition, listed by `EntryList`; existing ones are overwritten. No proxy is made. */
export function putAll(name: string, partition: number, list: Buffer): Message<undefined> {
  const withoutMapLoader = Buffer.from([0]);
  const fields = [Buffer.from(name)];
  return { type: 0x012c00, partition, fixed: [withoutMapLoader], fields, encoded: list, read: () => undefined };
}

/**
 * Entries collected as the frames that `putAll` sends. They are copied: an entry is often a slice of a large block, which
 * would stay in memory for its sake.
 */
export class EntryList {
  #bytes: Buffer;
  #length: number;

  constructor(firstBytes: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(firstBytes, 2 * headerBytes));
    this.#length = writeFrame(this.#bytes, 0, flag.structBegin, nothing);
  }

  /** How many bytes of memory it holds. */
  get capacity(): number {
    return this.#bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  add({ key, value }: RawEntry): void {
    this.#makeRoom(key.length + value.length + 3 * headerBytes);
    this.#length = writeFrame(this.#bytes, this.#length, 0, key);
    this.#length = writeFrame(this.#bytes, this.#length, 0, value);
  }

  /** The finished list. Nothing may be added afterwards. */
  finish(): Buffer {
    const end = writeFrame(this.#bytes, this.#length, flag.structEnd | flag.final, nothing);
    return this.#bytes.subarray(0, end);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const nothing = Buffer.alloc(0);

/** Comes with the members, once the partitions have been dealt out, and with every change. */
export const partitionsEvent = 0x000303;

/** The owner of each partition, by member uuid. @throws MalformedError when one has none */
export function readPartitions({ fields }: Incoming): string[] {
  const lists = fields[0];
  const uuids = bytesAt(fields, 1);
  if (!Array.isArray(lists) || uuids.length !== uuidBytes * lists.length)
    throw new MalformedError("no partition table");
  const owners = new Map<number, string>();
  for (const index of lists.keys()) {
    const partitions = bytesAt(lists, index);
    const owner = uuidAt(uuids, uuidBytes * index);
    for (let at = 0; owner !== undefined && at + 4 <= partitions.length; at += 4) {
      owners.set(partitions.readInt32LE(at), owner);
    }
  }
  return Array.from({ length: owners.size }, (_, partition) => {
    const owner = owners.get(partition);
    if (owner === undefined) throw new MalformedError(`partition ${partition} has no owner`);
    return owner;
  });
}
