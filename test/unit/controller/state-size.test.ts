import { expect, test } from "vitest";
import { createStateSizeSource } from "../../../src/controller/state-size.ts";
import type { KnownMember } from "../../../src/core/evidence/observation.ts";
import type { Answer } from "../../../src/engine/answer.ts";
import type { Asked } from "../../../src/engine/jobs.ts";
import type { MapFigures } from "../../../src/engine/map-figures.ts";
import { archiveMode } from "../core/archive-cases.ts";
import { observe } from "../core/observation-fixture.ts";

const key = "shop/orders";
const whole = observe({ size: 3, spec: archiveMode });
const members = whole.members as readonly KnownMember[];

type Figures = Answer<readonly MapFigures[]>;
const holding = (megabytes: number): Figures => ({
  known: true,
  value: [{ name: "orders", entries: 1, ownedBytes: megabytes * 1_000_000 }],
});
const silent: Figures = { known: false, reason: "NoAnswer: x" };

/** `at` observes once, lets the answer come, and observes again. */
function harness(answer: Figures) {
  let now = 5;
  let says: Figures | undefined = answer;
  const asked: (readonly Asked[])[] = [];
  const aborted: unknown[] = [];
  const changed: string[] = [];
  const read = (of: readonly Asked[], ended: AbortSignal) => {
    asked.push(of);
    ended.addEventListener("abort", () => aborted.push(of));
    return says ? Promise.resolve(says) : new Promise<Figures>(() => {});
  };
  const source = createStateSizeSource(
    { read },
    () => now,
    (of) => void changed.push(of),
  );
  const at = async (seconds: number, about = whole.cluster, by = members) => {
    now = 5 + seconds * 1_000;
    source.observe(key, { cluster: about, clusterName: "blue", members: by });
    await new Promise((resolve) => setImmediate(resolve));
    return source.observe(key, { cluster: about, clusterName: "blue", members: by });
  };
  const say = (next: Figures | undefined) => {
    says = next;
  };
  return { ...{ asked, aborted, changed, at, say, source } };
}

const bytesOf = async (found: ReturnType<ReturnType<typeof harness>["at"]>) => {
  const facts = await found;
  return facts?.known ? facts.bytes : undefined;
};

test("every member is asked where it is, by the cluster's own name", async () => {
  const { at, asked } = harness(holding(10));
  expect(await bytesOf(at(0))).toBe(10_000_000);
  expect(asked).toEqual([
    ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((host) => ({ address: { host, port: 5701 }, clusterName: "blue" })),
  ]);
});

test("they are asked again after a minute, and then less and less often, in the end every ten", async () => {
  const { at, asked } = harness(holding(10));
  const times: number[] = [];
  for (let seconds = 0; seconds <= 3_000; seconds += 10) {
    const before = asked.length;
    await at(seconds);
    if (asked.length > before) times.push(seconds);
  }
  expect(times).toEqual([0, 60, 180, 420, 900, 1_500, 2_100, 2_700]);
});

test("nothing is asked where no archive is wanted", async () => {
  const { at, asked } = harness(holding(10));
  expect(await at(0, observe({ size: 3 }).cluster)).toBeUndefined();
  expect(asked).toEqual([]);
});

test("a cluster that is not whole and at rest is not asked: what was answered last stays", async () => {
  const { at, asked } = harness(holding(10));
  expect(await at(0, whole.cluster, [])).toBeUndefined();
  await at(1);
  expect(await bytesOf(at(5_000, whole.cluster, []))).toBe(10_000_000);
  expect(asked).toHaveLength(1);
});

test("what grows by little stays what was said, and what grows by much is said", async () => {
  const { at, say } = harness(holding(10));
  await at(0);
  say(holding(12));
  expect(await bytesOf(at(600))).toBe(10_000_000);
  say(holding(13));
  expect(await bytesOf(at(1_200))).toBe(13_000_000);
});

test("an answer that is not had is asked for again a minute later, and takes back nothing", async () => {
  const { at, asked, say } = harness(silent);
  expect(await at(0)).toEqual(silent);
  await at(59);
  expect(asked).toHaveLength(1);
  say(holding(10));
  expect(await bytesOf(at(60))).toBe(10_000_000);
  say(silent);
  expect(await bytesOf(at(180))).toBe(10_000_000);
  await at(240);
  expect(asked).toHaveLength(4);
});

test("an edit of the spec is answered at once", async () => {
  const { at, asked } = harness(holding(10));
  await at(0);
  const losslessRestart = { ...archiveMode.losslessRestart.archive, maps: { exclude: ["orders"] } };
  const edited = observe({
    ...{ size: 3, metadata: { generation: 2 } },
    spec: { losslessRestart: { mode: "Archive", archive: losslessRestart } },
  });
  expect(await bytesOf(at(1, edited.cluster))).toBe(0);
  expect(asked).toHaveLength(2);
});

test("no pass waits for an answer, one question is asked at a time, and who asked is told of what is new alone", async () => {
  const { at, asked, changed, say, source } = harness(holding(10));
  expect(source.observe(key, { cluster: whole.cluster, clusterName: "blue", members })).toBeUndefined();
  await at(0);
  expect(changed).toEqual([key]);
  await at(600);
  expect(changed).toEqual([key]);
  say(undefined);
  for (const seconds of [1_200, 1_300, 2_000]) expect(await bytesOf(at(seconds))).toBe(10_000_000);
  expect(asked).toHaveLength(3);
});

test.each(["forget", "stop"] as const)("a question that is under way ends with %s", async (end) => {
  const { at, aborted, say, source } = harness(holding(10));
  say(undefined);
  await at(0);
  if (end === "forget") source.forget(key);
  else source.stop();
  expect(aborted).toHaveLength(1);
});
