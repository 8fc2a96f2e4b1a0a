import { type Clock, systemClock } from "./clock.ts";
import { createHeap } from "./heap.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limiter.ts";

/** Higher first. Live events overtake the initial list and resyncs, so that a restart does not delay a user's change. */
export type Priority = number;
export const livePriority: Priority = 0;
export const backgroundPriority: Priority = -100;

export interface AddOptions {
  readonly priority?: Priority;
  /** Earliest time of the work, from now. An earlier time already asked for stays. */
  readonly afterMillis?: number;
}

/** For the conventional `workqueue_*` metrics; times in seconds. */
export interface WorkqueueObserver {
  added(): void;
  depth(keys: number): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}

/**
 * Keys to work on, with client-go's guarantees: a key that waits is there once; a key in work is given to nobody else;
 * a key added while in work comes again after `done`: no wake-up is lost.
 */
export interface Workqueue {
  add(key: string, options?: AddOptions): void;
  /** Adds after the back-off of the key's failures in a row. */
  addRateLimited(key: string): void;
  /** The key succeeded: its next failure waits shortly again. */
  forget(key: string): void;
  /** The next key, or undefined once the queue is shut down. */
  next(): Promise<string | undefined>;
  done(key: string): void;
  /** Nothing new is given out; waiting `next` calls end. */
  shutDown(): void;
  readonly depth: number;
  /** How long the keys in work have been so: seconds, sum and longest. */
  unfinished(): { readonly sum: number; readonly longest: number };
}

export interface WorkqueueOptions {
  readonly limiter?: RateLimiter;
  readonly observer?: WorkqueueObserver;
  readonly clock?: Clock;
}

/** A key that waits: for its turn, or for its time. */
interface Entry {
  readonly key: string;
  readonly priority: Priority;
  /** Monotonic milliseconds. */
  readonly readyAt: number;
  readonly order: number;
}

export function createWorkqueue(options: WorkqueueOptions = {}): Workqueue {
  return new PriorityWorkqueue(options);
}

class PriorityWorkqueue implements Workqueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #observer: WorkqueueObserver | undefined;
  // An entry in a heap counts only while the map has this very entry: replacing one is cheap that way.
  readonly #ready = createHeap<Entry>(comesFirst);
  readonly #waiting = new Map<string, Entry>();
  readonly #later = createHeap<Entry>((a, b) => a.readyAt < b.readyAt);
  readonly #delayed = new Map<string, Entry>();
  /** Keys in work, and when they were given out. */
  readonly #working = new Map<string, number>();
  /** Keys that were added while in work. */
  readonly #again = new Map<string, Priority>();
  readonly #idle: ((key: string | undefined) => void)[] = [];
  #order = 0;
  #closed = false;
  #cancelTimer = () => {};

  constructor(options: WorkqueueOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#limiter = options.limiter ?? createRateLimiter({ clock: this.#clock });
    this.#observer = options.observer;
  }

  add(key: string, { priority = livePriority, afterMillis = 0 }: AddOptions = {}): void {
    if (this.#closed) return;
    if (afterMillis > 0) this.#addLater(key, priority, afterMillis);
    else this.#addNow(key, priority);
  }

  addRateLimited(key: string): void {
    if (this.#closed) return;
    this.#observer?.retried();
    this.#addLater(key, livePriority, this.#limiter.failed(key));
  }

  forget(key: string): void {
    this.#limiter.forget(key);
  }

  next(): Promise<string | undefined> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(undefined);
      this.#idle.push(resolve);
      this.#giveOut();
    });
  }

  done(key: string): void {
    const began = this.#working.get(key);
    if (began === undefined) return;
    this.#working.delete(key);
    this.#observer?.worked((this.#clock.monotonic() - began) / 1_000);
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority !== undefined && !this.#closed) this.#addNow(key, priority);
  }

  shutDown(): void {
    this.#closed = true;
    this.#cancelTimer();
    for (const resolve of this.#idle.splice(0)) resolve(undefined);
  }

  get depth(): number {
    return this.#waiting.size;
  }

  unfinished(): { readonly sum: number; readonly longest: number } {
    const ages = [...this.#working.values()].map((began) => (this.#clock.monotonic() - began) / 1_000);
    return { sum: ages.reduce((sum, age) => sum + age, 0), longest: Math.max(0, ...ages) };
  }

  #addNow(key: string, priority: Priority): void {
    if (this.#working.has(key)) {
      if (!this.#again.has(key)) this.#observer?.added();
      this.#again.set(key, Math.max(priority, this.#again.get(key) ?? priority));
      return;
    }
    const before = this.#waiting.get(key);
    if (before && before.priority >= priority) return;
    if (!before) this.#observer?.added();
    const added = this.#entry(key, priority, before?.readyAt ?? this.#clock.monotonic());
    this.#waiting.set(key, added);
    this.#ready.push(added);
    this.#observer?.depth(this.#waiting.size);
    this.#giveOut();
  }

  #addLater(key: string, priority: Priority, afterMillis: number): void {
    const readyAt = this.#clock.monotonic() + afterMillis;
    const before = this.#delayed.get(key);
    if (before && before.readyAt <= readyAt) return;
    const added = this.#entry(key, priority, readyAt);
    this.#delayed.set(key, added);
    this.#later.push(added);
    this.#setTimer();
  }

  #entry(key: string, priority: Priority, readyAt: number): Entry {
    this.#order += 1;
    return { key, priority, readyAt, order: this.#order };
  }

  #setTimer(): void {
    this.#cancelTimer();
    for (let first = this.#later.peek(); first; first = this.#later.peek()) {
      if (this.#delayed.get(first.key) === first) {
        const wait = Math.max(0, first.readyAt - this.#clock.monotonic());
        this.#cancelTimer = this.#clock.after(wait, () => this.#takeDue());
        return;
      }
      this.#later.pop();
    }
  }

  #takeDue(): void {
    const now = this.#clock.monotonic();
    for (let first = this.#later.peek(); first && first.readyAt <= now; first = this.#later.peek()) {
      this.#later.pop();
      if (this.#delayed.get(first.key) !== first) continue;
      this.#delayed.delete(first.key);
      this.#addNow(first.key, first.priority);
    }
    if (!this.#closed) this.#setTimer();
  }

  #giveOut(): void {
    while (this.#idle.length > 0 && this.#waiting.size > 0) {
      const first = this.#ready.pop();
      if (!first || this.#waiting.get(first.key) !== first) continue;
      const now = this.#clock.monotonic();
      this.#waiting.delete(first.key);
      // The pass that begins now sees everything and says itself when to look again.
      this.#delayed.delete(first.key);
      this.#working.set(first.key, now);
      this.#observer?.depth(this.#waiting.size);
      this.#observer?.waited((now - first.readyAt) / 1_000);
      this.#idle.shift()?.(first.key);
    }
  }
}

function comesFirst(a: Entry, b: Entry): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}
