import { expect, test } from "vitest";
import type { JetClusterStatus } from "../../../src/api/jet-cluster.ts";
import { finalizer } from "../../../src/api/names.ts";
import { createReconciler, type ReconcilerParts } from "../../../src/controller/reconciler.ts";
import { createRefusals, type Writes } from "../../../src/controller/refusals.ts";
import { createTakenNames } from "../../../src/controller/taken-names.ts";
import type { Observation } from "../../../src/core/evidence/observation.ts";
import type { JsonPatchOperation, KubeClient } from "../../../src/kube/client.ts";
import { apiError } from "../../../src/kube/errors.ts";
import { createExpectations } from "../../../src/kube/expectations.ts";
import { now, observe } from "../core/observation-fixture.ts";

const going = {
  finalizers: [finalizer],
  deletionTimestamp: new Date(now - 1_000).toISOString(),
};
const lossless = {
  licenseKeySecretRef: { name: "licence", key: "key" },
  losslessRestart: { mode: "HotRestart" as const, hotRestart: { storage: { size: "1Gi" } } },
};

test("a terminating namespace that refuses every child keeps no JetCluster from going", async () => {
  const observation = observe({ size: 3, spec: lossless, metadata: going, namespaceTerminating: true });
  const sent: JsonPatchOperation[][] = [];
  const refuse = () => Promise.reject(new Error("forbidden: the namespace is being terminated"));
  const client = {
    apply: refuse,
    create: refuse,
    async jsonPatch(_: unknown, operations: JsonPatchOperation[]) {
      sent.push(operations);
      return { kind: "JetCluster", metadata: observation.cluster.metadata };
    },
  } as unknown as KubeClient;
  const parts = {
    client,
    observer: {
      cluster: () => observation.cluster,
      observe: async () => observation,
      again: () => observation,
      outdated: () => {},
    },
    children: { ensure: refuse },
    takenNames: createTakenNames(),
    refusals: createRefusals(() => undefined),
    expectations: createExpectations(() => ({ get: () => undefined, reachedVersion: () => undefined })),
    events: { record: () => undefined },
    desired: {},
    onObserved: () => undefined,
    onActed: () => undefined,
  } as unknown as ReconcilerParts;
  await createReconciler(parts)("shop/orders", new AbortController().signal);
  expect(sent).toEqual([expect.arrayContaining([{ op: "add", path: "/metadata/finalizers", value: [] }])]);
});

test("a refused child keeps pods from being made, is said in status, and once it is taken all goes on", async () => {
  const refusals = createRefusals(() => undefined);
  let allowed = false;
  let now = 0;
  const written: string[] = [];
  const checks: (string | undefined)[] = [];
  const look = () => {
    now += 70_000;
    return { ...observe({}), now, refused: refusals.of("shop/orders") };
  };
  const parts = {
    client: {
      async apply(_: unknown, body: { status: JetClusterStatus }) {
        checks.push(body.status.blockedBy?.[0]?.check);
        return { kind: "JetCluster", metadata: observe({}).cluster.metadata };
      },
      async create() {
        written.push("StatefulSet");
        return { kind: "StatefulSet", metadata: { name: "orders" } };
      },
    },
    observer: {
      cluster: () => observe({}).cluster,
      observe: async () => look(),
      again: (seen: Observation) => seen,
      outdated: () => {},
    },
    children: {
      newStatefulSet: () => ({}),
      async ensure(_: unknown, __: unknown, writes: Writes) {
        const refuse = () => Promise.reject(apiError("PATCH", 403, { reason: "Forbidden", message: "over quota" }));
        const object = { kind: "NetworkPolicy", metadata: { name: "orders" } };
        const done = await writes.attempt({ object: "NetworkPolicy/orders" }, () =>
          allowed ? Promise.resolve(object) : refuse(),
        );
        if (done && !written.includes("NetworkPolicy")) {
          written.push("NetworkPolicy");
          return { written: [done], deleted: [], taken: [], mended: [] };
        }
        return { written: [], deleted: [], taken: [], mended: [] };
      },
    },
    ...{ refusals, takenNames: createTakenNames() },
    expectations: { satisfied: () => true, expect: () => undefined, expectGone: () => undefined },
    events: { record: () => undefined },
    desired: {},
    onObserved: () => undefined,
    onActed: () => undefined,
  } as unknown as ReconcilerParts;
  const reconcile = createReconciler(parts);
  const pass = () => reconcile("shop/orders", new AbortController().signal);
  for (let i = 0; i < 3; i += 1) await pass();
  expect({ written, checks }).toEqual({ written: [], checks: [undefined, "ChildRefused", "ChildRefused"] });
  allowed = true;
  for (let i = 0; i < 2; i += 1) await pass();
  expect(written).toEqual(["NetworkPolicy", "StatefulSet"]);
  expect(checks.at(-1)).toBeUndefined();
});

test("what members said before an effect is old afterwards, also when it failed: it may have come through", async () => {
  const observation = observe({ size: 3, spec: lossless, metadata: going, namespaceTerminating: true });
  const old: string[] = [];
  const parts = {
    client: { jsonPatch: () => Promise.reject(new Error("no answer")) },
    observer: {
      cluster: () => observation.cluster,
      observe: async () => observation,
      again: () => observation,
      outdated: (key: string) => void old.push(key),
    },
    takenNames: createTakenNames(),
    refusals: createRefusals(() => undefined),
    expectations: createExpectations(() => ({ get: () => undefined, reachedVersion: () => undefined })),
    desired: {},
    onObserved: () => undefined,
  } as unknown as ReconcilerParts;
  await expect(createReconciler(parts)("shop/orders", new AbortController().signal)).rejects.toThrow("no answer");
  expect(old).toEqual(["shop/orders"]);
});
