import { describe, expect, test } from "vitest";
import { createExpectations, type ExpectationCache } from "../../../src/kube/expectations.ts";
import type { KubeObject } from "../../../src/kube/objects.ts";

function setUp() {
  const objects = new Map<string, KubeObject>();
  let reached: string | undefined;
  const cache: ExpectationCache = { get: (_, name) => objects.get(name), reachedVersion: () => reached };
  return {
    expectations: createExpectations(() => cache),
    show: (object: KubeObject) => objects.set(object.metadata.name, object),
    hide: (name: string) => objects.delete(name),
    reach: (version: string) => {
      reached = version;
    },
  };
}

const object = (version: string, uid = "u", more: Partial<KubeObject["metadata"]> = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "a", namespace: "ns", uid, resourceVersion: version, ...more },
});

describe("expectations", () => {
  test("without a write of ours everything is satisfied", () => {
    expect(setUp().expectations.satisfied("k")).toBe(true);
  });

  test.each([
    ["older", "99", false],
    ["the same", "100", true],
    ["newer, with more digits", "1001", true],
    ["older, although greater as text", "9", false],
  ])("a cached version that is %s", (_, cached, satisfied) => {
    const { expectations, show } = setUp();
    expectations.expect("k", object("100"));
    show(object(cached));
    expect(expectations.satisfied("k")).toBe(satisfied);
  });

  test("what we created is not yet in the cache: hold", () => {
    const { expectations, show } = setUp();
    expectations.expect("k", object("100"));
    expect(expectations.satisfied("k")).toBe(false);
    show(object("100"));
    expect(expectations.satisfied("k")).toBe(true);
  });

  test("what we wrote was deleted by somebody else meanwhile: the cache has gone past it", () => {
    const { expectations, reach } = setUp();
    expectations.expect("k", object("100"));
    reach("99");
    expect(expectations.satisfied("k")).toBe(false);
    reach("101");
    expect(expectations.satisfied("k")).toBe(true);
  });

  test("a later write of the same object replaces the earlier one", () => {
    const { expectations, show } = setUp();
    expectations.expect("k", object("100"));
    expectations.expect("k", object("200"));
    show(object("150"));
    expect(expectations.satisfied("k")).toBe(false);
  });

  test("one key's writes hold up no other key", () => {
    const { expectations } = setUp();
    expectations.expect("k", object("100"));
    expect(expectations.satisfied("other")).toBe(true);
  });

  test("what we deleted must be gone, terminating, or another object", () => {
    const { expectations, show, hide } = setUp();
    const deleted = object("100");
    const seen = () => expectations.satisfied("k");
    const expectGone = () => expectations.expectGone("k", deleted);
    show(deleted);
    expectGone();
    expect(seen()).toBe(false);
    show(object("101", "u", { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    expect(seen()).toBe(true);
    expectGone();
    show(object("102", "another"));
    expect(seen()).toBe(true);
    expectGone();
    hide("a");
    expect(seen()).toBe(true);
  });

  test("a forgotten key is satisfied", () => {
    const { expectations } = setUp();
    expectations.expect("k", object("100"));
    expectations.forget("k");
    expect(expectations.satisfied("k")).toBe(true);
  });
});
