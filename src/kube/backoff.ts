import type { Clock } from "./clock.ts";

/** Pauses between tries of one thing: each about twice the last, up to a maximum, at random in their upper half. */
export interface Backoff {
  /** Milliseconds to wait now. */
  next(): number;
  reset(): void;
}

export function createBackoff(
  clock: Clock,
  limits: { readonly firstMillis: number; readonly maxMillis: number },
): Backoff {
  let failures = 0;
  return {
    next() {
      const whole = Math.min(limits.maxMillis, limits.firstMillis * 2 ** Math.min(failures, 30));
      failures += 1;
      return whole * (0.5 + 0.5 * clock.random());
    },
    reset() {
      failures = 0;
    },
  };
}
