import { expect, test } from "vitest";
import { finalizer } from "../../../src/api/names.ts";
import { createReconciler, type ReconcilerParts } from "../../../src/controller/reconciler.ts";
import { createTakenNames } from "../../../src/controller/taken-names.ts";
import type { JsonPatchOperation, KubeClient } from "../../../src/kube/client.ts";
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
    observer: { cluster: () => observation.cluster, observe: async () => observation, again: () => observation },
    children: { ensure: refuse },
    takenNames: createTakenNames(),
    expectations: createExpectations(() => ({ get: () => undefined, reachedVersion: () => undefined })),
    events: { record: () => undefined },
    desired: {},
    onObserved: () => undefined,
    onActed: () => undefined,
  } as unknown as ReconcilerParts;
  await createReconciler(parts)("shop/orders", new AbortController().signal);
  expect(sent).toEqual([expect.arrayContaining([{ op: "add", path: "/metadata/finalizers", value: [] }])]);
});
