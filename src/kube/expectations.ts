import type { KubeObject } from "./objects.ts";

/** The cache that answers for objects of one kind; an informer is one. */
export interface ExpectationCache {
  get(namespace: string | undefined, name: string): KubeObject | undefined;
  /** The resourceVersion up to which the cache has seen everything; undefined before the first list. */
  reachedVersion(namespace: string | undefined): string | undefined;
}

/**
 * Our own last writes, by reconcile key. While the cache is older than one of them, nothing may be decided from it: no
 * destructive step from a cache older than our own last write. In memory only: after a restart the caches start from a
 * list of their own.
 */
export interface Expectations {
  /** Remembers an object as the API server returned it from a write of ours. */
  expect(key: string, written: KubeObject): void;
  /** The object with this uid must be gone from the cache, or be seen terminating: what we deleted. */
  expectGone(key: string, deleted: KubeObject): void;
  /** True when the cache has seen every remembered write, or something newer. */
  satisfied(key: string): boolean;
  forget(key: string): void;
}

interface Expected {
  readonly object: KubeObject;
  readonly gone: boolean;
}

/**
 * @param cacheOf the cache for an object's kind. The answers of the API server name it (`apiVersion`, `kind`).
 */
export function createExpectations(cacheOf: (written: KubeObject) => ExpectationCache): Expectations {
  const expected = new Map<string, Map<string, Expected>>();
  const remember = (key: string, object: KubeObject, gone: boolean) => {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    // Only what is compared later: the object itself may be large.
    const small = {
      ...(object.apiVersion !== undefined && { apiVersion: object.apiVersion }),
      ...(object.kind !== undefined && { kind: object.kind }),
      metadata: {
        name,
        ...(namespace !== undefined && { namespace }),
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
    };
    const ofKey = expected.get(key) ?? new Map<string, Expected>();
    expected.set(key, ofKey.set(`${object.kind}/${namespace}/${name}`, { object: small, gone }));
  };
  return {
    expect: (key, written) => remember(key, written, false),
    expectGone: (key, deleted) => remember(key, deleted, true),
    satisfied(key) {
      const ofKey = expected.get(key);
      if (!ofKey) return true;
      for (const [what, { object, gone }] of ofKey) {
        const cache = cacheOf(object);
        if (gone ? seenGone(cache, object) : seenWritten(cache, object)) ofKey.delete(what);
      }
      if (ofKey.size === 0) expected.delete(key);
      return ofKey.size === 0;
    },
    forget: (key) => void expected.delete(key),
  };
}

function seenWritten(cache: ExpectationCache, { metadata }: KubeObject): boolean {
  const cached = cache.get(metadata.namespace, metadata.name);
  if (atLeast(cached?.metadata.resourceVersion, metadata.resourceVersion)) return true;
  // The cache went past the write without keeping the object: somebody deleted it meanwhile.
  return atLeast(cache.reachedVersion(metadata.namespace), metadata.resourceVersion);
}

function seenGone(cache: ExpectationCache, { metadata }: KubeObject): boolean {
  const cached = cache.get(metadata.namespace, metadata.name);
  return cached?.metadata.uid !== metadata.uid || cached?.metadata.deletionTimestamp !== undefined;
}

/**
 * Compares resourceVersions of one resource: decimal numbers that grow, as Kubernetes promises from 1.35 and etcd has
 * always done. Anything else counts only when equal.
 */
export function atLeast(version: string | undefined, wanted: string | undefined): boolean {
  if (version === undefined || wanted === undefined) return false;
  if (version === wanted) return true;
  return decimal.test(version) && decimal.test(wanted) && BigInt(version) > BigInt(wanted);
}

const decimal = /^[1-9]\d*$/;
