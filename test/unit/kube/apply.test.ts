import { describe, expect, test } from "vitest";
import { createApplier } from "../../../src/kube/apply.ts";
import type { KubeClient } from "../../../src/kube/client.ts";
import { type KubeObject, resources } from "../../../src/kube/objects.ts";
import { fakeClient } from "./fake-client.ts";

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

const ref = { resource: resources.configMaps, namespace: "ns", name: "a" };
const desired = (data: Record<string, string>): ConfigMap => ({ metadata: { name: "a", namespace: "ns" }, data });

/** An applier on an API server that merges `data` and then rewrites it as told. */
function setUp(rewrite: (data: Record<string, string>) => Record<string, string> = (data) => data) {
  let live: ConfigMap | undefined;
  let applies = 0;
  const touch = (data: Record<string, string>) => {
    const version = String(Number(live?.metadata.resourceVersion ?? 0) + 1);
    live = { metadata: { name: "a", namespace: "ns", uid: "u", resourceVersion: version }, data };
    return live;
  };
  const apply = (async (_: unknown, body: ConfigMap) => {
    applies += 1;
    const data = rewrite({ ...live?.data, ...body.data });
    return JSON.stringify(data) === JSON.stringify(live?.data) ? live : touch(data);
  }) as unknown as KubeClient["apply"];
  const applier = createApplier(fakeClient({ apply }), "test");
  return {
    ensure: (data: Record<string, string>) => applier.ensure({ ref, desired: desired(data), live, whole: [["data"]] }),
    foreignEdit: (data: Record<string, string>) => touch({ ...live?.data, ...data }),
    applies: () => applies,
  };
}

describe("an applier", () => {
  test("creates what is missing, writes nothing at rest, and reverts a foreign edit", async () => {
    const { ensure, foreignEdit, applies } = setUp();
    expect(await ensure({ k: "1" })).toMatchObject({ data: { k: "1" } });
    expect(await ensure({ k: "1" })).toBeUndefined();
    expect(applies()).toBe(1);
    foreignEdit({ k: "2" });
    expect(await ensure({ k: "1" })).toMatchObject({ data: { k: "1" } });
    expect(await ensure({ k: "1" })).toBeUndefined();
    expect(applies()).toBe(2);
  });

  test("does not ask for ever for what the API server writes in another way", async () => {
    const { ensure, applies } = setUp((data) => ({ ...data, k: "normalised" }));
    await ensure({ k: "1" });
    for (let pass = 0; pass < 5; pass += 1) expect(await ensure({ k: "1" })).toBeUndefined();
    expect(applies()).toBe(1);
  });

  test("does not ask for ever to remove a field that another manager owns", async () => {
    const { ensure, foreignEdit, applies } = setUp();
    await ensure({ k: "1" });
    foreignEdit({ foreign: "x" });
    for (let pass = 0; pass < 5; pass += 1) await ensure({ k: "1" });
    expect(applies()).toBe(2);
  });

  test("asks again when the wish or the object has changed since", async () => {
    const { ensure, foreignEdit, applies } = setUp((data) => ({ ...data, k: "normalised" }));
    await ensure({ k: "1" });
    await ensure({ k: "2" });
    expect(applies()).toBe(2);
    foreignEdit({ k: "3" });
    await ensure({ k: "2" });
    expect(applies()).toBe(3);
  });
});
