import type { Clock } from "./clock.ts";
import type { AddOptions, WorkqueueObserver } from "./workqueue.ts";

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
  readonly observer?: ControllerObserver;
  readonly clock?: Clock;
}

export declare function createController(options: ControllerOptions): Controller;
