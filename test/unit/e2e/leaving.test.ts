import { describe, expect, test } from "vitest";
import type { HealthSample } from "../../e2e/health-sampler.ts";
import { type Departure, goneTogether, wrongDepartures } from "../../e2e/leaving.ts";

/** Members `0…size-1`, each heard as safe at these times. */
function heard(size: number, times: readonly number[], change: Partial<HealthSample> = {}): HealthSample[] {
  return times.flatMap((at) =>
    Array.from({ length: size }, (_, ordinal) => ({
      ...{ pod: `orders-${ordinal}`, uid: `uid-${ordinal}`, askedAt: at, answeredAt: at + 10, safe: true, size },
      ...change,
    })),
  );
}

const leaves = (pod: number, at: number, goneAt: number | undefined): Departure => ({
  at,
  pods: [`orders-${pod}`],
  goneAt,
});
const unsafeOne = (samples: readonly HealthSample[], from: number, to: number) =>
  samples.map((s) => (s.uid === "uid-0" && s.askedAt >= from && s.askedAt <= to ? { ...s, safe: false } : s));

const calm = [...heard(3, [900, 1_100, 1_900]), ...heard(2, [7_900, 8_100], { size: 2 })];
const twice = [leaves(2, 1_000, 2_000), leaves(1, 8_000, 9_000)];

describe("departures that are wrong", () => {
  const cases: [string, readonly Departure[], readonly HealthSample[], RegExp | undefined][] = [
    ["none: one after the other, all safe", twice, calm, undefined],
    ["two at once", [{ at: 1_000, pods: ["orders-1", "orders-2"], goneAt: 2_000 }], calm, /2 at once/],
    ["one before the last was gone", [leaves(2, 1_000, 8_500), twice[1]!], calm, /orders-2 was there/],
    ["one after one that never went", [leaves(2, 1_000, undefined), twice[1]!], calm, /orders-2 was there/],
    ["one while a member said unsafe", twice, unsafeOne(calm, 800, 1_200), /orders-2 at .*: orders-0 said unsafe/],
    ["none: unsafe a moment before, safe after", twice, unsafeOne(calm, 800, 950), undefined],
    ["none: unsafe only afterwards", twice, unsafeOne(calm, 1_050, 1_950), undefined],
    ["one that nobody was asked before", twice, heard(3, [900]), /orders-1 at .*: only 0 of 2 members heard/],
  ];

  test.each(cases)("%s", (_, all, samples, wrong) => {
    const lines = wrongDepartures(all, samples, [3, 2]);
    if (wrong) expect(lines).toEqual([expect.stringMatching(wrong)]);
    else expect(lines).toEqual([]);
  });

  test("a member that has left is not one that says unsafe", () => {
    const late = [{ ...heard(3, [7_000]).at(-1)!, safe: false }];
    expect(wrongDepartures([leaves(2, 1_000, 7_500), twice[1]!], [...calm, ...late], [3, 2])).toEqual([]);
  });
});

test("members that went together are told by each other member's own count, but not by one that leaves itself", () => {
  expect(goneTogether(calm, twice)).toEqual([]);
  const [before, after] = [heard(5, [1]), heard(3, [2], { size: 3 })];
  expect(goneTogether([...before, ...after], [])).toHaveLength(3);
  expect(goneTogether([...before, ...after], [leaves(2, 10, 20)])).toEqual([
    expect.stringMatching(/^orders-0 saw 5 members at .* and 3 at /),
    expect.stringMatching(/^orders-1 /),
  ]);
});
