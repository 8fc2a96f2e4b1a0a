import type { Clock } from "./clock.ts";
import type { RateLimiter } from "./rate-limiter.ts";

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

export declare function createWorkqueue(options?: WorkqueueOptions): Workqueue;
