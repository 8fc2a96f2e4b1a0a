import { describe, expect, test } from "vitest";
import type { JsonPatchOperation, KubeClient } from "../../../src/kube/client.ts";
import { apiError, TransportError } from "../../../src/kube/errors.ts";
import { createEventRecorder, type EventRecord } from "../../../src/kube/events.ts";
import { fakeClient } from "./fake-client.ts";
import { manualClock } from "./manual-clock.ts";

interface Written {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly message: string;
  readonly count: number;
}

const involved = (name = "orders", namespace: string | undefined = "ns") => ({
  apiVersion: "jet-operator.io/v1beta1",
  kind: "JetCluster",
  metadata: { name, uid: `uid-${name}`, resourceVersion: "7", ...(namespace !== undefined && { namespace }) },
});
const event = (message: string, more: Partial<EventRecord> = {}): EventRecord => ({
  involved: involved(),
  type: "Normal",
  reason: "Scaled",
  message,
  ...more,
});

/** A recorder whose API server keeps events as they would read now, and fails as told. */
function setUp() {
  const clock = manualClock();
  const events = new Map<string, Written>();
  const dropped: string[] = [];
  const failures: unknown[] = [];
  let requests = 0;
  const answer = async <T>(work: () => T): Promise<T> => {
    requests += 1;
    if (failures.length > 0) throw failures.shift();
    return work();
  };
  const client = fakeClient({
    create: ((_, body) =>
      answer(() => {
        const written = body as Written;
        events.set(written.metadata.name, { ...written });
        return written;
      })) as KubeClient["create"],
    jsonPatch: ((ref, operations: JsonPatchOperation[]) =>
      answer(() => {
        const found = events.get(ref.name);
        if (!found) throw apiError("patch", 404, { reason: "NotFound" });
        for (const op of operations) if ("value" in op) Object.assign(found, { [op.path.slice(1)]: op.value });
        return found;
      })) as KubeClient["jsonPatch"],
  });
  const recorder = createEventRecorder({
    client,
    clock,
    component: "jet-operator",
    instance: "pod-1",
    onDropped: ({ message }, why) => dropped.push(`${message}: ${why}`),
  });
  const record = async (...records: EventRecord[]) => {
    for (const one of records) recorder.record(one);
    await clock.pass(0);
  };
  return {
    clock,
    events,
    dropped,
    failures,
    recorder,
    record,
    requests: () => requests,
    list: () => [...events.values()],
  };
}

describe("the event recorder", () => {
  test("writes an event that kubectl describe shows at the object", async () => {
    const { record, list } = setUp();
    await record(event("scaled to 5"));
    expect(list()).toEqual([
      expect.objectContaining({
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: expect.stringMatching(/^orders\.[0-9a-f]+$/), namespace: "ns" },
        involvedObject: expect.objectContaining({
          kind: "JetCluster",
          name: "orders",
          namespace: "ns",
          uid: "uid-orders",
        }),
        type: "Normal",
        reason: "Scaled",
        message: "scaled to 5",
        source: { component: "jet-operator" },
        reportingInstance: "pod-1",
        count: 1,
      }),
    ]);
  });

  test("an event of an object outside namespaces is in default", async () => {
    const { record, list } = setUp();
    await record(event("m", { involved: { ...involved(), metadata: { name: "node", uid: "u" } } }));
    expect(list()[0]?.metadata.namespace).toBe("default");
  });

  test("counts the same event instead of writing it again", async () => {
    const { record, list } = setUp();
    await record(event("a"), event("a"), event("a"), event("b"));
    expect(list().map(({ message, count }) => `${message} ${count}`)).toEqual(["a 3", "b 1"]);
  });

  test("writes a counted event anew when the API server has let it expire", async () => {
    const { record, list, events } = setUp();
    await record(event("a"), event("a"));
    events.clear();
    await record(event("a"));
    expect(list().map(({ message, count }) => `${message} ${count}`)).toEqual(["a 1"]);
    await record(event("a"));
    expect(list()[0]?.count).toBe(2);
  });

  test("combines more than forty messages of one reason", async () => {
    const { record, list } = setUp();
    await record(...Array.from({ length: 43 }, (_, index) => event(`message ${index}`)));
    const combined = list().filter(({ message }) => message.startsWith("(combined from similar events): "));
    expect(list()).toHaveLength(41);
    expect(combined).toEqual([
      expect.objectContaining({ message: "(combined from similar events): message 42", count: 3 }),
    ]);
  });

  test("an object may cause 100 events at once, then one each half minute; others are not held up by it", async () => {
    const { clock, record, requests, dropped } = setUp();
    await record(...Array.from({ length: 115 }, () => event("again")));
    expect(requests()).toBe(100);
    expect(dropped).toHaveLength(15);
    await record(event("of another", { involved: involved("other") }));
    expect(requests()).toBe(101);
    await clock.pass(30_000);
    await record(event("again"), event("again"));
    expect(requests()).toBe(102);
  });

  test("drops what the API server refuses, and goes on", async () => {
    const { record, list, failures, dropped } = setUp();
    failures.push(apiError("create", 403, { reason: "Forbidden", message: "namespace is terminating" }));
    await record(event("a"), event("b"));
    expect(list().map(({ message }) => message)).toEqual(["b"]);
    expect(dropped).toEqual([expect.stringContaining("a: ForbiddenError")]);
  });

  test("tries again for two minutes while the API server is away, then gives up", async () => {
    const { clock, record, list, failures, dropped } = setUp();
    failures.push(...Array(3).fill(new TransportError("create", new Error("refused"))));
    await record(event("a"));
    expect(list()).toEqual([]);
    await clock.pass(30_000);
    expect(list()).toHaveLength(1);
    failures.push(...Array(12).fill(new TransportError("create", new Error("refused"))));
    await record(event("b"));
    await clock.pass(110_000);
    expect(dropped).toEqual([expect.stringContaining("b: TransportError")]);
  });

  test("holds a thousand events while the API server is away, and drops the rest", async () => {
    const { record, failures, dropped } = setUp();
    failures.push(...Array(12).fill(new TransportError("create", new Error("refused"))));
    await record(event("first"));
    const many = Array.from({ length: 1_001 }, (_, index) => event("m", { involved: involved(`c${index}`) }));
    await record(...many);
    expect(dropped).toEqual(["m: the queue is full"]);
  });

  test("drains what is queued, at most until told to stop", async () => {
    const { recorder, list, failures } = setUp();
    recorder.record(event("a"));
    await recorder.drain(AbortSignal.timeout(10_000));
    expect(list()).toHaveLength(1);
    failures.push(...Array(12).fill(new TransportError("create", new Error("refused"))));
    recorder.record(event("b"));
    const stop = new AbortController();
    const drained = recorder.drain(stop.signal);
    stop.abort();
    await drained;
    expect(list()).toHaveLength(1);
  });

  test("cuts messages to what the API server takes", async () => {
    const { record, list } = setUp();
    await record(event("x".repeat(5_000)));
    expect(list()[0]?.message).toHaveLength(1_024);
  });
});
