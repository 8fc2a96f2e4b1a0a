import type { KubeClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { KubeObject, Resource } from "./objects.ts";

/** Where a reflector puts what it sees. */
export interface ReflectorSink {
  replace(objects: KubeObject[], resourceVersion: string): void;
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** Everything up to this version has been seen. */
  progressed(resourceVersion: string): void;
}

/** For metrics and logs. */
export interface ReflectorObserver {
  listed?(resource: string, objects: number): void;
  watchStarted?(resource: string): void;
  watchEnded?(resource: string, why: string): void;
  /** A list or watch failed and will be tried again after this time. */
  failed?(resource: string, error: unknown, retryMillis: number): void;
}

export interface ReflectorOptions {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly sink: ReflectorSink;
  readonly observer?: ReflectorObserver;
  readonly clock?: Clock;
}
