import { afterEach, describe, expect, test } from "vitest";
import { apiError, TransportError } from "../../../src/kube/errors.ts";
import { createInformer } from "../../../src/kube/informer.ts";
import { type KubeList, type KubeObject, resources } from "../../../src/kube/objects.ts";
import { scriptedWatches } from "./fake-client.ts";
import { manualClock, settle } from "./manual-clock.ts";

let stop = new AbortController();
afterEach(() => stop.abort());

const object = (name: string, version: number): KubeObject => ({
  metadata: { name, namespace: "ns", uid: name, resourceVersion: String(version) },
});
const listOf = (version: number, ...items: KubeObject[]): KubeList<KubeObject> => ({
  metadata: { resourceVersion: String(version) },
  items,
});

/** An informer over lists and watches that the test answers; lists are taken in turn. */
async function setUp(...lists: (KubeList<KubeObject> | Error)[]) {
  stop = new AbortController();
  const clock = manualClock(0.5);
  const asked: number[] = [];
  const { client, opened } = scriptedWatches(async () => {
    asked.push(clock.monotonic());
    const next = lists[Math.min(asked.length - 1, lists.length - 1)] ?? listOf(1);
    if (next instanceof Error) throw next;
    return next;
  });
  const changes: string[] = [];
  const failures: number[] = [];
  const informer = createInformer({
    client,
    resource: resources.pods,
    clock,
    onChange: (change) => changes.push(`${change.type} ${(change.object ?? change.previous)?.metadata.name}`),
    observer: { failed: (_, __, retryMillis) => failures.push(retryMillis) },
  });
  const run = informer.run(stop.signal);
  await settle();
  const watch = (at = -1) => {
    const found = opened.at(at);
    if (!found) throw new Error("no watch was opened");
    return found;
  };
  return { clock, informer, changes, failures, asked, opened, watch, run };
}

describe("a reflector", () => {
  test("lists, then watches from the list's version, for five to ten minutes", async () => {
    const { informer, watch } = await setUp(listOf(10, object("a", 5)));
    expect(informer.hasSynced).toBe(true);
    expect(informer.get("ns", "a")).toMatchObject({ apiVersion: "v1", kind: "Pod" });
    expect(watch().query).toMatchObject({ resourceVersion: "10", timeoutSeconds: 450 });
  });

  test("collects a list of several pages into one", async () => {
    const first = { metadata: { resourceVersion: "10", continue: "more" }, items: [object("a", 1)] };
    const { informer, asked, changes } = await setUp(first, listOf(10, object("b", 2)));
    expect(informer.size).toBe(2);
    expect(asked).toHaveLength(2);
    expect(changes).toEqual(["added a", "added b"]);
  });

  test("goes on from the last event or bookmark when a watch ends, without another list", async () => {
    const { clock, opened, watch, asked } = await setUp(listOf(10));
    watch().send("ADDED", object("a", 11));
    watch().send("BOOKMARK", { metadata: { resourceVersion: "25" } });
    await clock.pass(2_000);
    watch().end();
    await settle();
    expect(opened).toHaveLength(2);
    expect(watch().query.resourceVersion).toBe("25");
    expect(asked).toHaveLength(1);
  });

  test("a bookmark tells how far the cache has come", async () => {
    const { informer, watch } = await setUp(listOf(10));
    watch().send("BOOKMARK", { metadata: { resourceVersion: "25" } });
    await settle();
    expect(informer.reachedVersion("ns")).toBe("25");
  });

  test("ignores duplicates and events from the past", async () => {
    const { informer, watch, changes } = await setUp(listOf(10));
    watch().send("ADDED", object("a", 12));
    watch().send("ADDED", object("a", 12));
    watch().send("MODIFIED", object("a", 11));
    watch().send("DELETED", object("a", 9));
    await settle();
    expect(changes).toEqual(["added a"]);
    expect(informer.get("ns", "a")?.metadata.resourceVersion).toBe("12");
  });

  test.each([
    ["an event 410", (watch: Watch) => watch.send("ERROR", { kind: "Status", code: 410, reason: "Expired" })],
    ["an answer 410", (watch: Watch) => watch.end(apiError("watch", 410, { reason: "Gone" }))],
    ["a malformed line", (watch: Watch) => watch.end(new TransportError("watch", new SyntaxError("no JSON")))],
    ["an event without a version", (watch: Watch) => watch.send("ADDED", { metadata: {} })],
    ["an event that is null", (watch: Watch) => watch.send("ADDED", null)],
  ])("lists again after %s, and finds what was deleted meanwhile", async (_, breakIt) => {
    const { clock, watch, asked, changes } = await setUp(listOf(10, object("a", 1)), listOf(20, object("b", 2)));
    breakIt(watch());
    await clock.pass(1_000);
    expect(asked).toHaveLength(2);
    expect(changes).toEqual(["added a", "deleted a", "added b"]);
    expect(watch().query.resourceVersion).toBe("20");
  });

  test.each([
    ["a broken connection", new TransportError("watch", new Error("reset"))],
    ["429", apiError("watch", 429, { reason: "TooManyRequests" })],
    ["500", apiError("watch", 500, {})],
    ["401", apiError("watch", 401, { reason: "Unauthorized" })],
    ["a bug", new TypeError("undefined is not a function")],
  ])("watches again from the same place after %s, without a list", async (_, error) => {
    const { clock, watch, opened, asked } = await setUp(listOf(10));
    watch().end(error);
    await settle();
    expect(opened).toHaveLength(1);
    await clock.pass(1_000);
    expect(opened).toHaveLength(2);
    expect(watch().query.resourceVersion).toBe("10");
    expect(asked).toHaveLength(1);
  });

  test("waits longer after each failure, at most ten seconds, and never gives up", async () => {
    const { clock, failures, asked } = await setUp(apiError("list", 403, { reason: "Forbidden" }));
    await clock.pass(3_600_000);
    expect(failures.slice(0, 7)).toEqual([600, 1_200, 2_400, 4_800, 7_500, 7_500, 7_500]);
    expect(asked.length).toBeGreaterThan(100);
  });

  test("a watch that ends at once without an event counts as a failure", async () => {
    const { clock, watch, failures, opened } = await setUp(listOf(10));
    watch().end();
    await settle();
    expect(failures).toEqual([600]);
    await clock.pass(600);
    expect(opened).toHaveLength(2);
  });

  test("waits shortly again after a watch that was healthy for half a minute", async () => {
    const { clock, watch, failures } = await setUp(listOf(10));
    for (let failure = 0; failure < 3; failure += 1) {
      watch().end(new Error("broken"));
      await clock.pass(10_000);
    }
    await clock.pass(30_000);
    watch().end(new Error("broken"));
    await settle();
    expect(failures).toEqual([600, 1_200, 2_400, 600]);
  });

  test("gives up a watch that the server should have ended", async () => {
    const { clock, watch, opened } = await setUp(listOf(10));
    await clock.pass(450_000);
    expect(watch().aborted).toBe(false);
    await clock.pass(7_000);
    expect(opened[0]?.aborted).toBe(true);
    expect(opened).toHaveLength(2);
  });

  test("stops when told to, also during a pause, and leaves no watch open", async () => {
    const { watch, run } = await setUp(listOf(10));
    stop.abort();
    await run;
    expect(watch().aborted).toBe(true);
    const paused = await setUp(apiError("list", 500, {}));
    stop.abort();
    await paused.run;
  });
});

type Watch = ReturnType<Awaited<ReturnType<typeof setUp>>["watch"]>;

describe("an informer of several namespaces", () => {
  test("has synced when each of them has, and each one's list touches only its own objects", async () => {
    stop = new AbortController();
    const lists = new Map<string, () => void>();
    const { client } = scriptedWatches(() => Promise.resolve(listOf(1)));
    const waiting: typeof client = {
      ...client,
      list: ((_, query) =>
        new Promise((resolve) => {
          const namespace = query?.namespace ?? "";
          const item = { metadata: { name: "a", namespace, uid: namespace, resourceVersion: "1" } };
          lists.set(namespace, () => resolve({ metadata: { resourceVersion: "1" }, items: [item] } as never));
        })) as typeof client.list,
    };
    const informer = createInformer({ client: waiting, resource: resources.pods, namespaces: ["x", "y"] });
    const run = informer.run(stop.signal);
    const synced = informer.synced(stop.signal);
    lists.get("x")?.();
    await settle();
    expect([informer.hasSynced, informer.reachedVersion("x"), informer.reachedVersion("y")]).toEqual([
      false,
      "1",
      undefined,
    ]);
    lists.get("y")?.();
    await synced;
    expect([informer.list("x").length, informer.list("y").length, informer.size]).toEqual([1, 1, 2]);
    stop.abort();
    await run;
  });

  test("refuses an empty list of namespaces", () => {
    const { client } = scriptedWatches(() => Promise.resolve(listOf(1)));
    expect(() => createInformer({ client, resource: resources.pods, namespaces: [] })).toThrow(/namespaces: \[\]/);
  });

  test("whoever waits for the first list is let go when the signal aborts", async () => {
    const { client } = scriptedWatches(() => new Promise(() => undefined));
    const informer = createInformer({ client, resource: resources.pods });
    await expect(informer.synced(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
});
