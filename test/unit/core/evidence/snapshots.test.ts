import { describe, expect, test } from "vitest";
import {
  type Comparison,
  compared,
  ended,
  isOf,
  isSmall,
  newTally,
  verdictOf,
} from "../../../../src/core/evidence/snapshots.ts";

const size = { chunks: 1_900, members: 1 };
const whole: Comparison = { emitted: 20_003, stored: 20_003, snapshots: 1 };
const losing: Comparison = { emitted: 20_003, stored: 17_016, snapshots: 1 };
const worse: Comparison = { emitted: 20_003, stored: 16_000, snapshots: 1 };

const tallyOf = (...comparisons: readonly Comparison[]) =>
  comparisons.reduce((tally, comparison) => compared(tally, comparison, 1_000), newTally(size, 0));

describe("a job's snapshots", () => {
  test.each<[string, number, number, boolean]>([
    ["are small up to 400 chunks on one member", 400, 1, true],
    ["are large beyond", 401, 1, false],
    ["are small when they are spread over enough members", 1_200, 3, true],
    ["are large on fewer", 1_201, 3, false],
  ])("%s", (_, chunks, members, small) => {
    expect(isSmall({ chunks, members })).toBe(small);
  });

  test.each<[string, readonly Comparison[], string]>([
    ["are unchecked before the first comparison", [], "Unchecked"],
    ["are unchecked after two whole ones: with large states some are", [whole, whole], "Unchecked"],
    ["are complete after three whole ones in a row", [whole, whole, whole], "Complete"],
    ["are complete after one comparison that spans three", [{ emitted: 60, stored: 60, snapshots: 3 }], "Complete"],
    ["are incomplete after one loss", [whole, whole, whole, losing], "Incomplete"],
    ["stay incomplete after two whole ones", [losing, whole, whole], "Incomplete"],
    ["are complete again after three whole ones", [losing, whole, whole, whole], "Complete"],
  ])("%s", (_, comparisons, kind) => {
    expect(verdictOf(tallyOf(...comparisons), 2_000).kind).toBe(kind);
  });

  test("are told of by the greatest loss, so that status does not move with each comparison", () => {
    const told = { kind: "Incomplete", chunks: 1_900, emitted: 20_003, stored: 16_000 };
    expect(verdictOf(tallyOf(losing, worse, losing), 2_000)).toEqual(told);
  });

  test("are unchecked again when nothing could be compared for an hour", () => {
    expect(verdictOf(tallyOf(whole, whole, whole), 3_700_000)).toMatchObject({ kind: "Unchecked", since: 1_000 });
  });

  test("say why nothing could be compared", () => {
    const tally = { ...newTally(size, 5), trouble: "no metrics" };
    expect(verdictOf(tally, 2_000)).toEqual({ kind: "Unchecked", chunks: 1_900, why: "no metrics", since: 5 });
  });

  test.each<[string, number, number, boolean]>([
    ["still", 2_300, 1, true],
    ["not any more once the state has grown by a quarter", 2_400, 1, false],
    ["not any more on other members", 1_900, 3, false],
  ])("what was found out counts %s", (_, chunks, members, counts) => {
    expect(isOf(tallyOf(whole), { chunks, members })).toBe(counts);
  });
});

describe("the last snapshot of an execution", () => {
  test("with clearly fewer entries than the ones before were given has lost them", () => {
    const tally = ended(tallyOf(whole, whole, whole), 18_000);
    expect(verdictOf(tally, 2_000)).toMatchObject({ kind: "Incomplete", emitted: 20_003, stored: 18_000 });
  });

  test("with about as many is whole", () => {
    expect(verdictOf(ended(tallyOf(whole, whole, whole), 19_990), 2_000).kind).toBe("Complete");
  });

  test("is measured by one snapshot where a comparison spanned several", () => {
    const tally = ended(tallyOf({ emitted: 60_000, stored: 60_000, snapshots: 3 }), 20_000);
    expect(verdictOf(tally, 2_000).kind).toBe("Complete");
  });

  test("says nothing where nothing was compared before", () => {
    expect(ended(newTally(size, 0), 5)).toEqual(newTally(size, 0));
  });
});
