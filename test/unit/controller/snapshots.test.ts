import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { createSnapshotSource, type SnapshotQuestion } from "../../../src/controller/snapshots.ts";
import type { Completeness } from "../../../src/core/evidence/observation.ts";
import type { Answer } from "../../../src/engine/answer.ts";
import type { Watch } from "../../../src/engine/jobs.ts";
import type { SnapshotCheck } from "../../../src/engine/snapshot-check.ts";

const asked = { address: { host: "10.0.0.1", port: 5701 }, clusterName: "orders" };
const one = { asked, members: 1 };

let time = 0;
let changed: string[] = [];
/** Comparisons that go on: what was asked, and how to end it. */
let going: { id: string; watch: Watch; signal: AbortSignal; end(answer: Answer<SnapshotCheck>): void }[] = [];

beforeEach(() => {
  time = 0;
  changed = [];
  going = [];
});

const source = () =>
  createSnapshotSource(
    {
      checkSnapshot: (_, id, watch, signal) =>
        new Promise((end) => {
          going.push({ id, watch, signal, end });
        }),
    },
    () => time,
    (key) => changed.push(key),
  );

function question(id: string, chunks: number, more: Partial<SnapshotQuestion> & { keys?: number } = {}) {
  const stats = { snapshotId: 1, startedAt: 0, endedAt: 1, bytes: 1, keys: more.keys ?? 100, chunks };
  const record = {
    quorumSize: 0,
    snapshot: { id: 1, dataMapIndex: 0, stats },
    lastSnapshotFailure: undefined,
    exportedSnapshotName: undefined,
    suspension: undefined,
    executed: true,
    timestamp: 1,
  };
  return {
    id,
    running: true,
    keepsState: true,
    intervalMillis: 10_000,
    record: { known: true, value: record },
    ...more,
  } as const;
}

const found = (emitted: number, stored: number, snapshots = 1): Answer<SnapshotCheck> => ({
  known: true,
  value: { firstSnapshotId: 1, lastSnapshotId: snapshots, emitted, stored },
});

async function end(answer: Answer<SnapshotCheck>): Promise<void> {
  going.shift()?.end(answer);
  await turn();
}

function kinds(facts: ReadonlyMap<string, Completeness>): string[] {
  return [...facts.values()].map(({ kind }) => kind);
}

describe("watching snapshots", () => {
  test.each<[string, SnapshotQuestion]>([
    ["small state", question("a", 400)],
    ["no state", question("a", 5_000, { keepsState: false })],
    ["no snapshot yet", { ...question("a", 1), record: { known: true, value: undefined } }],
  ])("costs nothing for a job with %s", (_, job) => {
    expect(kinds(source().look("shop/orders", one, [job]))).toEqual(["Small"]);
    expect(going).toEqual([]);
  });

  test("never waits: a large snapshot is unchecked until three in a row were compared, then the cluster is looked at", async () => {
    const snapshots = source();
    expect(kinds(snapshots.look("shop/orders", one, [question("a", 1_900)]))).toEqual(["Unchecked"]);
    await end(found(100, 100));
    await end(found(100, 100));
    expect(changed).toEqual([]);
    await end(found(100, 100));
    expect(changed).toEqual(["shop/orders"]);
    expect(snapshots.latest("shop/orders", "a")?.kind).toBe("Complete");
    expect(going).toEqual([]);
  });

  test("ends with the first loss, and looks again soon", async () => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    await end(found(100, 90));
    expect(kinds(snapshots.look("shop/orders", one, [question("a", 1_900)]))).toEqual(["Incomplete"]);
    expect(going).toEqual([]);
    time = 30_000;
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    expect(going.map(({ id }) => id)).toEqual(["a"]);
  });

  test("looks at a whole one again after five minutes only", async () => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    await end(found(300, 300, 3));
    time = 299_000;
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    expect(going).toEqual([]);
    time = 300_000;
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    expect(going).toHaveLength(1);
  });

  test("begins anew with other members, and gives up what goes on for the old ones", () => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    snapshots.look("shop/orders", { asked, members: 3 }, [question("a", 1_900)]);
    expect(going.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  test("compares no more than eight jobs at a time, over all clusters", () => {
    const snapshots = source();
    const jobs = ["a", "b", "c", "d", "e"].map((id) => question(id, 1_900));
    snapshots.look("shop/orders", one, jobs);
    snapshots.look("bank/books", one, jobs);
    expect(going).toHaveLength(8);
  });

  test("does not compare snapshots that are too far apart, and says so", () => {
    const facts = source().look("shop/orders", one, [question("a", 1_900, { intervalMillis: 3_600_000 })]);
    expect(facts.get("a")).toMatchObject({ kind: "Unchecked", why: "its snapshots are 3600 s apart" });
    expect(going).toEqual([]);
  });

  test("watches for as long as three snapshots and two rounds of metrics may take", () => {
    source().look("shop/orders", one, [question("a", 1_900, { intervalMillis: 60_000 })]);
    expect(going[0]?.watch).toEqual({ snapshots: 3, watchMillis: 345_000 });
  });

  test.each<[string, Answer<SnapshotCheck>, RegExp]>([
    ["why nothing could be compared", { known: false, reason: "NoAnswer: closed" }, /NoAnswer: closed/],
    ["that counts are missing when more was stored than emitted", found(90, 100), /count less/],
  ])("says %s", async (_, answer, why) => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    await end(answer);
    expect(snapshots.latest("shop/orders", "a")).toMatchObject({ why: expect.stringMatching(why) });
    expect(going).toEqual([]);
  });

  test("finds the last snapshot of a suspended job too small", async () => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    await end(found(300, 300, 3));
    const facts = snapshots.look("shop/orders", one, [question("a", 1_700, { running: false, keys: 85 })]);
    expect(facts.get("a")).toMatchObject({ kind: "Incomplete", emitted: 100, stored: 85 });
  });

  test("does not take a job that is about to run on other members for what it was", async () => {
    const snapshots = source();
    snapshots.look("shop/orders", { asked, members: 3 }, [question("a", 1_900)]);
    await end(found(300, 300, 3));
    const starting = question("a", 1_900, { running: false });
    expect(kinds(snapshots.look("shop/orders", { asked, members: 3 }, [starting]))).toEqual(["Complete"]);
    expect(kinds(snapshots.look("shop/orders", { asked, members: 2 }, [starting]))).toEqual(["Unchecked"]);
  });

  test("keeps nothing of a job that has ended", async () => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    snapshots.look("shop/orders", one, []);
    expect(snapshots.latest("shop/orders", "a")).toBeUndefined();
    expect(going[0]?.signal.aborted).toBe(true);
  });

  test.each<[string, (snapshots: ReturnType<typeof source>) => void]>([
    ["a cluster that is gone", (snapshots) => snapshots.forget("shop/orders")],
    ["an operator that ends", (snapshots) => snapshots.stop()],
  ])("leaves nothing behind of %s", async (_, leave) => {
    const snapshots = source();
    snapshots.look("shop/orders", one, [question("a", 1_900)]);
    leave(snapshots);
    expect(going[0]?.signal.aborted).toBe(true);
    await end({ known: false, reason: "given up" });
    expect(changed).toEqual([]);
    expect(snapshots.latest("shop/orders", "a")).toBeUndefined();
  });
});
