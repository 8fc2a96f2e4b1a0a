import type { CoreV1Event } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { createTroubleSource, type Wanting } from "../../../src/controller/troubles.ts";
import type { KubeClient } from "../../../src/kube/client.ts";
import { apiError } from "../../../src/kube/errors.ts";
import { fakeClient } from "../kube/fake-client.ts";

const key = "shop/orders";
const nothing: Wanting = { namespace: "shop", statefulSet: "orders", pods: [], claims: [] };
const { signal } = new AbortController();
const quota = 'pods "orders-2" is forbidden: exceeded quota: few';

const event = (type: string, reason: string, message: string, at: string) =>
  ({ type, reason, message, lastTimestamp: `2026-01-01T12:00:${at}Z` }) as unknown as CoreV1Event;
const failed = (at: string, pod = "orders-2") =>
  event("Warning", "FailedCreate", `create Pod ${pod} in StatefulSet orders failed error: ${quota}`, at);
const made = (at: string) =>
  event("Normal", "SuccessfulCreate", "create Pod orders-2 in StatefulSet orders successful", at);

function harness(events: readonly CoreV1Event[] | Error) {
  const asked: (string | undefined)[] = [];
  const list = (_: unknown, query: { fieldSelector?: string } = {}) => {
    asked.push(query.fieldSelector);
    return events instanceof Error ? Promise.reject(events) : Promise.resolve({ metadata: {}, items: events });
  };
  let now = 5;
  const source = createTroubleSource(fakeClient({ list: list as KubeClient["list"] }), () => now);
  return {
    asked,
    at: (seconds: number, wanting: Partial<Wanting>) => {
      now = 5 + seconds * 1_000;
      return source.observe(key, { ...nothing, ...wanting }, signal);
    },
  };
}

test("nothing is asked while nothing is wanting, nor before it has been for a while", async () => {
  const { asked, at } = harness([failed("01")]);
  for (const seconds of [0, 60, 120]) await at(seconds, {});
  for (const seconds of [130, 134, 139]) expect(await at(seconds, { pods: ["orders-2"] })).toEqual([]);
  expect(asked).toEqual([]);
});

test("of a pod that is not made the StatefulSet's events say why, read every 20 seconds at most", async () => {
  const { asked, at } = harness([failed("01")]);
  await at(0, { pods: ["orders-2"] });
  for (const seconds of [10, 12, 20, 29]) {
    expect(await at(seconds, { pods: ["orders-2"] })).toEqual([
      { object: "Pod/orders-2", says: `FailedCreate: ${quota}` },
    ]);
  }
  expect(asked).toEqual(["involvedObject.kind=StatefulSet,involvedObject.name=orders"]);
  await at(30, { pods: ["orders-2"] });
  expect(asked).toHaveLength(2);
});

test.each<[string, readonly CoreV1Event[] | Error]>([
  ["a pod that was made since then", [failed("01"), made("02")]],
  ["another pod's events", [failed("01", "orders-1")]],
  ["events that may not be read", apiError("GET events", 403, { reason: "Forbidden" })],
])("%s: nothing is said", async (_, events) => {
  const { at } = harness(events);
  await at(0, { pods: ["orders-2"] });
  expect(await at(20, { pods: ["orders-2"] })).toEqual([]);
});

test("of an unbound claim its own newest event says why", async () => {
  const missing = event("Warning", "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', "03");
  const { asked, at } = harness([event("Normal", "WaitForFirstConsumer", "waiting", "01"), missing]);
  await at(0, { claims: ["data-orders-0"] });
  expect(await at(11, { claims: ["data-orders-0"] })).toEqual([
    {
      object: "PersistentVolumeClaim/data-orders-0",
      says: 'ProvisioningFailed: storageclass.storage.k8s.io "fast" not found',
    },
  ]);
  expect(asked).toEqual(["involvedObject.kind=PersistentVolumeClaim,involvedObject.name=data-orders-0"]);
});

test("what is there again is forgotten: the next want has its own patience", async () => {
  const { asked, at } = harness([failed("01")]);
  await at(0, { pods: ["orders-2"] });
  await at(11, { pods: ["orders-2"] });
  await at(12, {});
  expect(await at(13, { pods: ["orders-2"] })).toEqual([]);
  expect(asked).toHaveLength(1);
});
