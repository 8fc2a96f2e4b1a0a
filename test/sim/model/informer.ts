import type { Informer } from "../../../src/kube/informer.ts";
import type { KubeObject, Resource } from "../../../src/kube/objects.ts";
import { createStore } from "../../../src/kube/store.ts";
import type { ApiServer, Commit } from "./api-server.ts";
import type { Timeline } from "./timeline.ts";

/** Time until a change reaches a cache, in milliseconds. */
export type Lag = () => number;

/** One kind's cache of one operator process: a list, then each change in order, each with its own lag. */
export interface LaggingInformer<T> extends Informer<T> {
  /** The process has ended: nothing arrives any more. */
  close(): void;
}

/** The real store, fed by the model of the API server. */
export function createLaggingInformer<T>(
  api: ApiServer,
  timeline: Timeline,
  resource: Resource,
  options: { readonly lag: Lag; readonly onChange: () => void },
): LaggingInformer<T> {
  const store = createStore<T>();
  let reached = api.version;
  let due = timeline.now;
  let open = true;
  store.replace(api.list(resource));
  const deliver = (commit: Commit) => {
    if (!open) return;
    if (commit.type === "DELETED") store.remove(commit.object);
    else store.put(commit.object);
    reached = Number(commit.object.metadata.resourceVersion);
    options.onChange();
  };
  api.listen((commit) => {
    if (!open || commit.resource.plural !== resource.plural) return;
    due = Math.max(due, timeline.now + options.lag());
    timeline.after(due - timeline.now, () => deliver(commit));
  });
  return {
    get: (namespace, name) => store.get(namespace, name) as (T & KubeObject) | undefined,
    ownedBy: (uid) => store.ownedBy(uid),
    list: (namespace) => store.list(namespace),
    get size() {
      return store.size;
    },
    reachedVersion: () => String(reached),
    run: () => Promise.resolve(),
    hasSynced: true,
    synced: () => Promise.resolve(),
    close() {
      open = false;
    },
  };
}
