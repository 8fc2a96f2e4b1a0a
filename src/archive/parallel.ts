/** Something to do that looks at the signal now and then, and ends when it is aborted. */
export type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Runs the tasks, so many at once. When one fails the others are told to end, no further one begins, and the failure is
 * thrown once all have ended: nothing goes on behind the caller's back.
 */
export async function inParallel(tasks: readonly Task[], streams: number, signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const left = tasks.values();
  const worker = async () => {
    for (const task of left) {
      stop.throwIfAborted();
      await task(stop);
    }
  };
  const workers = Array.from({ length: Math.min(streams, tasks.length) }, () =>
    worker().catch((error: unknown) => {
      failed.abort(error);
    }),
  );
  await Promise.all(workers);
  failed.signal.throwIfAborted();
}
