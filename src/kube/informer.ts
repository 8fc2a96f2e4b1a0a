import type { KubeClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { ExpectationCache } from "./expectations.ts";
import type { KubeObject, Resource } from "./objects.ts";
import { type ReflectorObserver, type ReflectorSink, reflect } from "./reflector.ts";
import { createStore, type Lister, type StoreChange, type Transform } from "./store.ts";

export interface InformerOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  /** Absent: the whole cluster, by one watch. Else one watch for each. */
  readonly namespaces?: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly transform?: Transform | undefined;
  /** Called after the store has changed. An exception ends the process: a change must not get lost silently. */
  readonly onChange?: ((change: StoreChange<T>) => void) | undefined;
  readonly observer?: ReflectorObserver | undefined;
  readonly clock?: Clock | undefined;
  /** See ReflectorOptions. */
  readonly silenceMillis?: number | undefined;
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

/** Key of the one watch over all namespaces. */
const everywhere = "";

/** @throws RangeError for an empty list of namespaces. */
export function createInformer<T = KubeObject>(options: InformerOptions<T>): Informer<T> {
  if (options.namespaces?.length === 0) {
    throw new RangeError("namespaces: [] watches nothing; accepted are one or more names, or none given for all");
  }
  const scopes = options.namespaces ?? [everywhere];
  const store = createStore<T>(options.transform);
  const reached = new Map<string, string>();
  const waiting = new Set<() => void>();
  const hasSynced = () => reached.size === scopes.length;
  const tell = (change: StoreChange<T> | undefined) => {
    if (change) notify(options.onChange, change);
  };
  const sinkOf = (scope: string): ReflectorSink => ({
    replace(objects, version) {
      const changes = store.replace(objects, scope === everywhere ? undefined : scope);
      reached.set(scope, version);
      for (const change of changes) tell(change);
      if (hasSynced()) for (const wake of waiting) wake();
    },
    put: (object) => tell(store.put(object)),
    remove: (object) => tell(store.remove(object)),
    progressed: (version) => void reached.set(scope, version),
  });
  return {
    get: (namespace, name) => store.get(namespace, name) as (T & KubeObject) | undefined,
    ownedBy: (uid) => store.ownedBy(uid),
    list: (namespace) => store.list(namespace),
    get size() {
      return store.size;
    },
    reachedVersion: (namespace) => reached.get(options.namespaces ? (namespace ?? everywhere) : everywhere),
    get hasSynced() {
      return hasSynced();
    },
    synced: (signal) => (hasSynced() ? Promise.resolve() : whenWoken(waiting, signal)),
    async run(signal) {
      const { client, resource, labelSelector, observer, clock, silenceMillis } = options;
      const common = { client, resource, labelSelector, observer, clock, silenceMillis };
      await Promise.all(
        scopes.map((scope) => {
          const namespace = scope === everywhere ? undefined : scope;
          return reflect({ ...common, namespace, sink: sinkOf(scope) }, signal);
        }),
      );
    },
  };
}

function notify<T>(onChange: InformerOptions<T>["onChange"], change: StoreChange<T>): void {
  try {
    onChange?.(change);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function whenWoken(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => {
      waiting.delete(wake);
      reject(signal.reason);
    };
    const wake = () => {
      waiting.delete(wake);
      signal.removeEventListener("abort", abort);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener("abort", abort, { once: true });
  });
}
