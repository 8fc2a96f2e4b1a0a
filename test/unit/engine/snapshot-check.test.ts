import { describe, expect, test } from "vitest";
import type { MemberMeasurements } from "../../../src/engine/job-metrics.ts";
import { SnapshotWatch } from "../../../src/engine/snapshot-check.ts";

/** Snapshot n runs from n·10,000 to n·10,000 + 2,000 ms. */
const snapshot = (snapshotId: number, keys: number) => ({
  snapshotId,
  keys,
  startedAt: snapshotId * 10_000,
  endedAt: snapshotId * 10_000 + 2_000,
  bytes: 0,
  chunks: 0,
});

function counted(member: string, collectedAt: number, emitted: number, exec = "e1"): MemberMeasurements {
  const tags = (ordinal: string) =>
    new Map([
      ["member", member],
      ["exec", exec],
      ["vertex", "v"],
      ["ordinal", ordinal],
    ]);
  return {
    collectedAt,
    measurements: [
      { metric: "emittedCount", value: emitted, tags: tags("snapshot") },
      { metric: "emittedCount", value: 999_999, tags: tags("0") },
      { metric: "receivedCount", value: 999_999, tags: tags("snapshot") },
    ],
  };
}

function watchOf(snapshots: readonly ReturnType<typeof snapshot>[], rounds: readonly MemberMeasurements[][]) {
  const watch = new SnapshotWatch();
  for (const round of rounds) watch.sawMetrics(round);
  for (const stats of snapshots) watch.sawSnapshot(stats);
  return watch.result();
}

const three = (keys: number) => [snapshot(1, 100), snapshot(2, keys), snapshot(3, 100)];

describe("a snapshot between two counts of every member", () => {
  test("is whole when as much was stored as was given", () => {
    const rounds = [
      [counted("a", 15_000, 60), counted("b", 16_000, 40)],
      [counted("a", 25_000, 120), counted("b", 26_000, 80)],
    ];
    expect(watchOf(three(100), rounds)).toEqual({ firstSnapshotId: 2, lastSnapshotId: 2, emitted: 100, stored: 100 });
  });

  test("shows what was lost", () => {
    const rounds = [[counted("a", 15_000, 100)], [counted("a", 25_000, 200)]];
    expect(watchOf(three(87), rounds)).toMatchObject({ emitted: 100, stored: 87 });
  });

  test("is compared together with all others in a row that can be", () => {
    const rounds = [[counted("a", 15_000, 100)], [counted("a", 25_000, 200)], [counted("a", 35_000, 300)]];
    const snapshots = [...three(100), snapshot(4, 100)];
    expect(watchOf(snapshots, rounds)).toEqual({ firstSnapshotId: 2, lastSnapshotId: 3, emitted: 200, stored: 200 });
  });

  test("is found over several snapshots when none of them alone has counts around it", () => {
    const rounds = [[counted("a", 15_000, 100)], [counted("a", 21_000, 150)], [counted("a", 35_000, 300)]];
    const snapshots = [...three(100), snapshot(4, 100)];
    expect(watchOf(snapshots, rounds)).toEqual({ firstSnapshotId: 2, lastSnapshotId: 3, emitted: 200, stored: 200 });
  });
});

describe("nothing is said", () => {
  test.each<[string, ReturnType<typeof snapshot>[], MemberMeasurements[][]]>([
    ["without any count", three(100), []],
    ["without any snapshot", [], [[counted("a", 15_000, 100)], [counted("a", 25_000, 200)]]],
    [
      "while the later snapshot may still be going on",
      [snapshot(1, 100), snapshot(2, 100)],
      [[counted("a", 15_000, 1)], [counted("a", 25_000, 2)]],
    ],
    [
      "when a count was taken during a snapshot",
      three(100),
      [[counted("a", 15_000, 100)], [counted("a", 21_000, 150)]],
    ],
    [
      "when a count lies too close to a snapshot to trust two clocks",
      three(100),
      [[counted("a", 12_050, 100)], [counted("a", 25_000, 200)]],
    ],
    [
      "when one member counted on one side only",
      three(100),
      [
        [counted("a", 15_000, 60), counted("b", 16_000, 40)],
        [counted("a", 25_000, 120), counted("b", 31_000, 80)],
      ],
    ],
    [
      "when a snapshot in between was not seen or failed",
      [snapshot(1, 100), snapshot(2, 100), snapshot(4, 100), snapshot(5, 100)],
      [[counted("a", 15_000, 100)], [counted("a", 45_000, 400)]],
    ],
    [
      "when the job was restarted in between",
      three(100),
      [[counted("a", 15_000, 100)], [counted("a", 25_000, 200, "e2")]],
    ],
    [
      "about a job without metrics",
      three(100),
      [[{ collectedAt: 15_000, measurements: [] }], [{ collectedAt: 25_000, measurements: [] }]],
    ],
  ])("%s", (_, snapshots, rounds) => {
    expect(watchOf(snapshots, rounds)).toBeUndefined();
  });
});
