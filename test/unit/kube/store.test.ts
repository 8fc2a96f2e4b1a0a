import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../src/kube/objects.ts";
import { createStore } from "../../../src/kube/store.ts";

function object(name: string, version: string, owner?: string, namespace = "ns"): KubeObject {
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: version,
      ...(owner && {
        ownerReferences: [{ apiVersion: "v1", kind: "Owner", name: owner, uid: owner, controller: true }],
      }),
    },
  };
}

const names = (objects: KubeObject[]) => objects.map((o) => o.metadata.name).sort();

describe("a store", () => {
  test("says what changed, with the object before", () => {
    const store = createStore();
    expect(store.put(object("a", "1"))).toMatchObject({ type: "added", initial: false });
    const updated = store.put(object("a", "2"));
    expect(updated).toMatchObject({ type: "updated", previous: { metadata: { resourceVersion: "1" } } });
    expect(store.remove(object("a", "3"))).toMatchObject({
      type: "deleted",
      previous: { metadata: { resourceVersion: "2" } },
    });
    expect(store.remove(object("a", "3"))).toBeUndefined();
    expect(store.size).toBe(0);
  });

  test("says nothing of a version that it has already", () => {
    const store = createStore();
    store.put(object("a", "1"));
    expect(store.put(object("a", "1"))).toBeUndefined();
  });

  test("finds objects by their controller, also after the controller changed", () => {
    const store = createStore();
    store.put(object("a", "1", "x"));
    store.put(object("b", "1", "x"));
    store.put(object("b", "2", "y"));
    expect(names(store.ownedBy("x"))).toEqual(["a"]);
    expect(names(store.ownedBy("y"))).toEqual(["b"]);
    store.remove(object("b", "3"));
    expect(store.ownedBy("y")).toEqual([]);
  });

  test("an owner that is not the controller does not count", () => {
    const store = createStore();
    const owned = object("a", "1", "x");
    for (const owner of owned.metadata.ownerReferences ?? []) delete owner.controller;
    store.put(owned);
    expect(store.ownedBy("x")).toEqual([]);
  });

  test("takes a full list and says what it added, changed and removed", () => {
    const store = createStore();
    for (const o of [object("same", "1"), object("changed", "1"), object("gone", "1")]) store.put(o);
    const changes = store.replace([object("same", "1"), object("changed", "2"), object("new", "3")]);
    expect(changes.map((c) => `${c.type} ${(c.object ?? c.previous)?.metadata.name} ${c.initial}`)).toEqual([
      "deleted gone true",
      "updated changed true",
      "added new true",
    ]);
  });

  test("a list of one namespace leaves the others alone", () => {
    const store = createStore();
    store.put(object("a", "1", undefined, "one"));
    store.put(object("a", "1", undefined, "two"));
    store.replace([], "one");
    expect(store.list()).toHaveLength(1);
    expect(store.get("two", "a")).toBeDefined();
    expect(store.list("one")).toEqual([]);
  });

  test("an object of the same name with another uid is a change, whatever its version", () => {
    const store = createStore();
    store.put(object("a", "5"));
    const again = { metadata: { ...object("a", "5").metadata, uid: "another" } };
    expect(store.put(again)).toMatchObject({ type: "updated", object: { metadata: { uid: "another" } } });
  });

  test("drops managed fields and kubectl's copy of the last configuration", () => {
    const store = createStore();
    const big = object("a", "1");
    const last = "kubectl.kubernetes.io/last-applied-configuration";
    big.metadata.annotations = { [last]: "{}", kept: "yes" };
    store.put({ ...big, metadata: { ...big.metadata, managedFields: [{}] } as KubeObject["metadata"] });
    expect(store.get("ns", "a")?.metadata).not.toHaveProperty("managedFields");
    expect(store.get("ns", "a")?.metadata.annotations).toEqual({ kept: "yes" });
  });
});
