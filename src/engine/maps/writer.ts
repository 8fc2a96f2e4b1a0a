import type { Channel } from "../protocol/channel.ts";
import { partitionOf } from "../protocol/data.ts";
import { located } from "../protocol/errors.ts";
import { EntryList, putAll, type RawEntry } from "../protocol/map-messages.ts";
import { Slots } from "../slots.ts";

export interface WriterLimits {
  /** A request is sent when it has grown to this size; one with a larger entry is as large as that. */
  readonly requestBytes: number;
  readonly requestsInFlight: number;
  /** All that is collected and on its way. */
  readonly bufferBytes: number;
}

/** Puts entries into one map, each into the partition that its key belongs to in this cluster. */
export interface MapWriter {
  /** Resolves when there is room for more; the entries have been copied. @throws what an earlier put failed with */
  add(entries: readonly RawEntry[]): Promise<void>;
  /** Resolves when every put has been answered. @throws what a put failed with */
  finish(): Promise<void>;
}

export interface WriterTarget {
  readonly name: string;
  readonly partitionCount: number;
  /** The owner of the partition. */
  channelOf(partition: number): Channel;
}

const firstBytes = 4_096;

export function createMapWriter(target: WriterTarget, limits: WriterLimits): MapWriter {
  return new Writer(target, limits);
}

/** Several may call `add` at once: what is between two awaits belongs to one of them alone. */
class Writer implements MapWriter {
  readonly #target: WriterTarget;
  readonly #limits: WriterLimits;
  readonly #lists = new Map<number, EntryList>();
  readonly #slots: Slots;
  readonly #onTheWay = new Set<Promise<void>>();
  #heldBytes = 0;
  #failure: unknown;
  #failed = false;

  constructor(target: WriterTarget, limits: WriterLimits) {
    this.#target = target;
    this.#limits = limits;
    this.#slots = new Slots(limits.requestsInFlight);
  }

  async add(entries: readonly RawEntry[]): Promise<void> {
    for (const entry of entries) {
      const partition = partitionOf(entry.key, this.#target.partitionCount);
      if (this.#collect(partition, entry) >= this.#limits.requestBytes) await this.#send(partition);
    }
    while (this.#heldBytes > this.#limits.bufferBytes) await this.#makeRoom();
    this.#throwFailure();
  }

  async finish(): Promise<void> {
    for (const partition of [...this.#lists.keys()]) await this.#send(partition);
    await Promise.all(this.#onTheWay);
    this.#throwFailure();
  }

  /** @returns how long the partition's list is now */
  #collect(partition: number, entry: RawEntry): number {
    let list = this.#lists.get(partition);
    if (!list) {
      list = new EntryList(firstBytes);
      this.#lists.set(partition, list);
      this.#heldBytes += list.capacity;
    }
    const before = list.capacity;
    list.add(entry);
    this.#heldBytes += list.capacity - before;
    return list.length;
  }

  /** Resolves when the list is on its way, not when it has arrived. */
  async #send(partition: number): Promise<void> {
    const list = this.#lists.get(partition);
    if (!list) return;
    this.#lists.delete(partition);
    await this.#slots.take();
    if (this.#failed) return this.#release(list);
    const { name, channelOf } = this.#target;
    const put = channelOf(partition)
      .ask(putAll(name, partition, list.finish()))
      .catch((error: unknown) => this.#fail(located(`map ${name}`, error)))
      .finally(() => {
        this.#onTheWay.delete(put);
        this.#release(list);
      });
    this.#onTheWay.add(put);
  }

  async #makeRoom(): Promise<void> {
    const [largest] = [...this.#lists].sort(([, one], [, other]) => other.length - one.length);
    // What is on its way counts too: when all slots are taken, sending waits for one of them.
    if (largest) await this.#send(largest[0]);
    else await Promise.race(this.#onTheWay);
  }

  #release(list: EntryList): void {
    this.#heldBytes -= list.capacity;
    this.#slots.give();
  }

  /** The first reason counts. */
  #fail(error: unknown): void {
    if (!this.#failed) this.#failure = error;
    this.#failed = true;
  }

  #throwFailure(): void {
    if (this.#failed) throw this.#failure;
  }
}
