/** Time as the parts of `kube` see it: replaced by hand-driven time in tests and simulation. */
export interface Clock {
  /** Monotonic milliseconds: goes on while the process is stopped, knows no clock changes. For all durations. */
  monotonic(): number;
  /** Milliseconds since the epoch. Only for what is written for people to read. */
  wall(): number;
  /** Calls back once after `millis`. @returns what cancels it. */
  after(millis: number, callback: () => void): () => void;
  /** Between 0 and 1, for jitter. */
  random(): number;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(millis, callback) {
    const timer = setTimeout(callback, millis);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** @throws the signal's reason when it is, or becomes, aborted. */
export function sleep(clock: Clock, millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(millis, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
