import { controllerOf, type KubeObject, keyOf, objectKey } from "./objects.ts";

/** A change of a store. After a relist several changes in between may have become one. */
export type StoreChange<T> =
  | { readonly type: "added"; readonly object: T; readonly previous?: undefined; readonly initial: boolean }
  | { readonly type: "updated"; readonly object: T; readonly previous: T; readonly initial: boolean }
  | { readonly type: "deleted"; readonly object?: undefined; readonly previous: T; readonly initial: boolean };

/** What readers see. Objects are shared: nobody may change them. */
export interface Lister<T> {
  get(namespace: string | undefined, name: string): T | undefined;
  /** Objects whose controller is the owner with this uid. */
  ownedBy(uid: string): T[];
  list(namespace?: string): T[];
  readonly size: number;
}

export interface Store<T> extends Lister<T> {
  /** @returns undefined when the store already has this very version. */
  put(object: KubeObject, initial?: boolean): StoreChange<T> | undefined;
  remove(object: KubeObject): StoreChange<T> | undefined;
  /** Takes a full list of `namespace` (all, when undefined) and says what it changes. */
  replace(objects: readonly KubeObject[], namespace?: string): StoreChange<T>[];
}

/** Makes the object smaller before it is stored. */
export type Transform = (object: KubeObject) => KubeObject;

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Drops what nobody reads: managed fields are most of the memory of a cache. Changes the object given. */
const withoutManagedFields: Transform = (object) => {
  delete (object.metadata as { managedFields?: unknown }).managedFields;
  if (object.metadata.annotations?.[lastApplied] !== undefined) delete object.metadata.annotations[lastApplied];
  return object;
};

/** Objects by key and by controller. Without a transform of the caller's own, only managed fields are dropped. */
export function createStore<T = KubeObject>(transform: Transform = withoutManagedFields): Store<T> {
  const objects = new Map<string, KubeObject>();
  const owned = new Map<string, Set<string>>();

  const index = (key: string, object: KubeObject) => {
    const owner = controllerOf(object)?.uid;
    if (owner === undefined) return;
    const keys = owned.get(owner) ?? new Set();
    owned.set(owner, keys.add(key));
  };
  const unindex = (key: string, object: KubeObject) => {
    const owner = controllerOf(object)?.uid;
    const keys = owner === undefined ? undefined : owned.get(owner);
    keys?.delete(key);
    if (owner !== undefined && keys?.size === 0) owned.delete(owner);
  };
  const put = (given: KubeObject, initial = false): StoreChange<T> | undefined => {
    const key = keyOf(given);
    const previous = objects.get(key);
    if (previous && sameVersion(previous, given)) return undefined;
    const object = transform(given);
    if (previous) unindex(key, previous);
    objects.set(key, object);
    index(key, object);
    return previous
      ? { type: "updated", object: object as T, previous: previous as T, initial }
      : { type: "added", object: object as T, initial };
  };
  const removeKey = (key: string, initial = false): StoreChange<T> | undefined => {
    const previous = objects.get(key);
    if (!previous) return undefined;
    unindex(key, previous);
    objects.delete(key);
    return { type: "deleted", previous: previous as T, initial };
  };

  return {
    get: (namespace, name) => objects.get(objectKey(namespace, name)) as T | undefined,
    ownedBy: (uid) => [...(owned.get(uid) ?? [])].map((key) => objects.get(key) as T),
    list: (namespace) =>
      [...objects.values()].filter((o) => namespace === undefined || o.metadata.namespace === namespace) as T[],
    get size() {
      return objects.size;
    },
    put,
    remove: (object) => removeKey(keyOf(object)),
    replace(listed, namespace) {
      const there = new Set(listed.map(keyOf));
      const gone = [...objects].filter(
        ([key, object]) => !there.has(key) && (namespace === undefined || object.metadata.namespace === namespace),
      );
      const changes = [...gone.map(([key]) => removeKey(key, true)), ...listed.map((object) => put(object, true))];
      return changes.filter((change) => change !== undefined);
    },
  };
}

function sameVersion(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    a.metadata.resourceVersion !== undefined &&
    a.metadata.resourceVersion === b.metadata.resourceVersion
  );
}
