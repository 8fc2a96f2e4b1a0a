import { type Clock, systemClock } from "./clock.ts";
import { createDeadline } from "./deadline.ts";
import { ConflictError, NotLeaderError } from "./errors.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { type AddOptions, createWorkqueue, type Workqueue, type WorkqueueObserver } from "./workqueue.ts";

export interface ReconcileResult {
  /** Look again after this time even if nothing happens. */
  readonly requeueAfterMillis?: number | undefined;
}

/** @throws anything: the key comes again after a back-off. The signal aborts at the deadline and at shutdown. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/** For the conventional `controller_runtime_*` metrics. */
export interface ControllerObserver extends WorkqueueObserver {
  reconciled(result: "success" | "requeue_after" | "error" | "conflict", seconds: number): void;
  activeWorkers(workers: number): void;
}

export interface Controller {
  enqueue(key: string, options?: AddOptions): void;
  /** Works until the signal aborts, then lets the passes in work end (their signal aborts too). */
  run(signal: AbortSignal): Promise<void>;
  /** How long the keys in work have been so, in seconds. */
  unfinished(): { readonly sum: number; readonly longest: number };
}

export interface ControllerOptions {
  readonly reconcile: Reconcile;
  /** How many keys at the same time. */
  readonly workers: number;
  /** A pass that takes longer is aborted. */
  readonly deadlineMillis: number;
  /** Told of every failed pass; conflicts and lost leadership are no failures. */
  readonly onError: (key: string, error: unknown) => void;
  readonly observer?: ControllerObserver | undefined;
  readonly limiter?: RateLimiter | undefined;
  readonly clock?: Clock | undefined;
}

/** Brings keys from the queue to `reconcile`, one pass of a key at a time, `workers` keys at a time. */
export function createController(options: ControllerOptions): Controller {
  const clock = options.clock ?? systemClock;
  const { observer, limiter } = options;
  const queue = createWorkqueue({ clock, ...(observer && { observer }), ...(limiter && { limiter }) });
  let active = 0;
  const countActive = (change: 1 | -1) => {
    active += change;
    observer?.activeWorkers(active);
  };
  const work = async (signal: AbortSignal) => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      countActive(1);
      const began = clock.monotonic();
      const result = await pass(options, clock, queue, key, signal);
      countActive(-1);
      observer?.reconciled(result, (clock.monotonic() - began) / 1_000);
      queue.done(key);
    }
  };
  return {
    enqueue: (key, add) => queue.add(key, add),
    unfinished: () => queue.unfinished(),
    async run(signal) {
      const stop = () => queue.shutDown();
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      await Promise.all(Array.from({ length: options.workers }, () => work(signal)));
      signal.removeEventListener("abort", stop);
    },
  };
}

type PassResult = Parameters<ControllerObserver["reconciled"]>[0];

/** Never throws: what a pass throws brings the key back later. */
async function pass(
  options: ControllerOptions,
  clock: Clock,
  queue: Workqueue,
  key: string,
  signal: AbortSignal,
): Promise<PassResult> {
  const deadline = createDeadline(clock, options.deadlineMillis, `reconcile ${key}`, signal);
  try {
    const { requeueAfterMillis } = await options.reconcile(key, deadline.signal);
    queue.forget(key);
    if (requeueAfterMillis === undefined) return "success";
    queue.add(key, { afterMillis: requeueAfterMillis });
    return "requeue_after";
  } catch (error) {
    queue.addRateLimited(key);
    // Somebody else wrote first: look again. Nothing is wrong.
    if (error instanceof ConflictError || error instanceof NotLeaderError) return "conflict";
    if (!signal.aborted) options.onError(key, error);
    return "error";
  } finally {
    deadline.clear();
  }
}
