import type { Clock } from "./clock.ts";

/** How long a key waits after its failures in a row. */
export interface RateLimiter {
  /** Counts a failure. @returns milliseconds to wait. */
  failed(key: string): number;
  forget(key: string): void;
}

export interface RateLimiterOptions {
  readonly baseMillis?: number;
  readonly maxMillis?: number;
  readonly clock?: Clock;
}

const defaults = { baseMillis: 50, maxMillis: 120_000 };

/** Doubles from `baseMillis` up to `maxMillis`, each with up to a quarter of jitter, so that keys that failed together part. */
export function createRateLimiter(options: RateLimiterOptions = {}): RateLimiter {
  const { baseMillis, maxMillis } = { ...defaults, ...options };
  const random = options.clock?.random ?? Math.random;
  const failures = new Map<string, number>();
  return {
    failed(key) {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      // 2^30 is far above any maximum; the power must not become Infinity times 0.
      const wait = Math.min(maxMillis, baseMillis * 2 ** Math.min(before, 30));
      return wait * (1 - 0.25 * random());
    },
    forget: (key) => void failures.delete(key),
  };
}
