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
  const clock = options.clock ?? systemClock;
  const limiter = options.limiter ?? createRateLimiter({ clock });
  const { observer } = options;
  // An entry in a heap counts only while the map has this very entry: replacing one is cheap that way.
  const ready = createHeap<Entry>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order),
  );
  const later = createHeap<Entry>((a, b) => a.readyAt < b.readyAt);
  const waiting = new Map<string, Entry>();
  const delayed = new Map<string, Entry>();
  /** Keys in work, and when they were given out. */
  const working = new Map<string, number>();
  /** Keys that were added while in work. */
  const again = new Map<string, Priority>();
  const idle: ((key: string | undefined) => void)[] = [];
  let order = 0;
  let closed = false;
  let cancelTimer = () => {};

  const entry = (key: string, priority: Priority, readyAt: number): Entry => {
    order += 1;
    return { key, priority, readyAt, order };
  };
  const addNow = (key: string, priority: Priority) => {
    if (working.has(key)) {
      if (!again.has(key)) observer?.added();
      again.set(key, Math.max(priority, again.get(key) ?? priority));
      return;
    }
    const before = waiting.get(key);
    if (before && before.priority >= priority) return;
    if (!before) observer?.added();
    const added = entry(key, priority, before?.readyAt ?? clock.monotonic());
    waiting.set(key, added);
    ready.push(added);
    observer?.depth(waiting.size);
    giveOut();
  };
  const addLater = (key: string, priority: Priority, readyAt: number) => {
    const before = delayed.get(key);
    if (before && before.readyAt <= readyAt) return;
    const added = entry(key, priority, readyAt);
    delayed.set(key, added);
    later.push(added);
    setTimer();
  };
  const setTimer = () => {
    cancelTimer();
    for (let first = later.peek(); first; first = later.peek()) {
      if (delayed.get(first.key) === first) {
        cancelTimer = clock.after(Math.max(0, first.readyAt - clock.monotonic()), takeDue);
        return;
      }
      later.pop();
    }
  };
  const takeDue = () => {
    const now = clock.monotonic();
    for (let first = later.peek(); first && first.readyAt <= now; first = later.peek()) {
      later.pop();
      if (delayed.get(first.key) !== first) continue;
      delayed.delete(first.key);
      addNow(first.key, first.priority);
    }
    if (!closed) setTimer();
  };
  const giveOut = () => {
    while (idle.length > 0 && waiting.size > 0) {
      const first = ready.pop();
      if (!first || waiting.get(first.key) !== first) continue;
      const now = clock.monotonic();
      waiting.delete(first.key);
      // The pass that begins now sees everything and says itself when to look again.
      delayed.delete(first.key);
      working.set(first.key, now);
      observer?.depth(waiting.size);
      observer?.waited((now - first.readyAt) / 1_000);
      idle.shift()?.(first.key);
    }
  };

  return {
    add(key, { priority = livePriority, afterMillis = 0 } = {}) {
      if (closed) return;
      if (afterMillis > 0) addLater(key, priority, clock.monotonic() + afterMillis);
      else addNow(key, priority);
    },
    addRateLimited(key) {
      if (closed) return;
      observer?.retried();
      addLater(key, livePriority, clock.monotonic() + limiter.failed(key));
    },
    forget: (key) => limiter.forget(key),
    next: () =>
      new Promise((resolve) => {
        if (closed) return resolve(undefined);
        idle.push(resolve);
        giveOut();
      }),
    done(key) {
      const began = working.get(key);
      if (began === undefined) return;
      working.delete(key);
      observer?.worked((clock.monotonic() - began) / 1_000);
      const priority = again.get(key);
      again.delete(key);
      if (priority !== undefined && !closed) addNow(key, priority);
    },
    shutDown() {
      closed = true;
      cancelTimer();
      for (const resolve of idle.splice(0)) resolve(undefined);
    },
    get depth() {
      return waiting.size;
    },
    unfinished() {
      const ages = [...working.values()].map((began) => (clock.monotonic() - began) / 1_000);
      return { sum: ages.reduce((sum, age) => sum + age, 0), longest: Math.max(0, ...ages) };
    },
  };
}
