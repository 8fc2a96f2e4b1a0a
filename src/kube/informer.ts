import type { KubeClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { ExpectationCache } from "./expectations.ts";
import type { KubeObject, Resource } from "./objects.ts";
import type { ReflectorObserver } from "./reflector.ts";
import type { Lister, StoreChange, Transform } from "./store.ts";

export interface InformerOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  /** Absent: the whole cluster, by one watch. Else one watch for each. */
  readonly namespaces?: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly transform?: Transform;
  /** Must not throw. Called after the store has changed. */
  readonly onChange?: (change: StoreChange<T>) => void;
  readonly observer?: ReflectorObserver;
  readonly clock?: Clock;
}

/** A cache of one resource that follows the API server until its signal aborts. */
export interface Informer<T> extends Lister<T>, ExpectationCache {
  get(namespace: string | undefined, name: string): (T & KubeObject) | undefined;
  /** Ends only when the signal aborts: every failure is tried again. */
  run(signal: AbortSignal): Promise<void>;
  /** The first list has arrived (in every namespace). */
  readonly hasSynced: boolean;
  /** @throws the signal's reason. */
  synced(signal: AbortSignal): Promise<void>;
}

export declare function createInformer<T = KubeObject>(options: InformerOptions<T>): Informer<T>;
