import type { Clock } from "../../../src/kube/clock.ts";

export interface ManualClock extends Clock {
  /** Lets time pass: calls back what is due, in order, and lets promises settle in between. */
  pass(millis: number): Promise<void>;
  /** Time passes, but nothing is called back: the process was stopped. */
  freeze(millis: number): void;
}

/** Time that only a test moves. */
export function manualClock(random = 0.5): ManualClock {
  let now = 1_000_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    monotonic: () => now,
    wall: () => now,
    random: () => random,
    after(millis, callback) {
      const timer = { at: now + millis, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    freeze(millis) {
      now += millis;
    },
    async pass(millis) {
      const end = now + millis;
      await settle();
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = Math.max(now, end);
      await settle();
    },
  };
}

/** Runs everything that is ready to run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
