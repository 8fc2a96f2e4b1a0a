import type { KubeClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { KubeObject } from "./objects.ts";

export interface EventRecord {
  readonly involved: KubeObject;
  readonly type: "Normal" | "Warning";
  /** CamelCase word for machines. */
  readonly reason: string;
  readonly message: string;
}

/** Tells people what happened, as events of the object. Never awaited and never an error: events are best effort. */
export interface EventRecorder {
  record(event: EventRecord): void;
  /** Writes what is queued, at most until the signal aborts. */
  drain(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Name of the program: `source.component` and `reportingComponent` of the events. */
  readonly component: string;
  /** Name of the process, e.g. its pod. */
  readonly instance: string;
  readonly clock?: Clock;
  /** Told of events that were given up. */
  readonly onDropped?: (event: EventRecord, why: string) => void;
}

export declare function createEventRecorder(options: EventRecorderOptions): EventRecorder;
