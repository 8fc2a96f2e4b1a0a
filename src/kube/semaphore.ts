/** At most so many at the same time; the others wait in order. */
export interface Semaphore {
  /** @returns what gives the place back; to be called once. @throws the signal's reason while waiting. */
  acquire(signal: AbortSignal): Promise<() => void>;
}

export function createSemaphore(places: number): Semaphore {
  let free = places;
  const waiting = new Set<() => void>();
  const release = () => {
    const [first] = waiting;
    if (first) first();
    else free += 1;
  };
  return {
    acquire: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (free > 0) {
          free -= 1;
          return resolve(release);
        }
        const abort = () => {
          waiting.delete(take);
          reject(signal.reason);
        };
        const take = () => {
          waiting.delete(take);
          signal.removeEventListener("abort", abort);
          resolve(release);
        };
        waiting.add(take);
        signal.addEventListener("abort", abort, { once: true });
      }),
  };
}
