import { describe, expect, test } from "vitest";
import type { JobFacts, SnapshotFacts } from "../../../../src/core/evidence/observation.ts";
import { snapshotStamp, wasLossSuspended } from "../../../../src/core/evidence/suspension.ts";

/** The times of real engines: a snapshot every 5 s. */
const third: SnapshotFacts = { id: 3, startedAt: 100_000, endedAt: 100_050 };
const inTurn: SnapshotFacts = { id: 5, startedAt: 110_120, endedAt: 110_170 };

/** Suspended, and nobody says why. */
function job(about: Partial<JobFacts>): JobFacts {
  return {
    id: "j",
    name: "fixed",
    status: "SUSPENDED",
    protected: false,
    quorum: 0,
    keepsState: true,
    suspension: "",
    failure: undefined,
    autoScaling: false,
    snapshotInterval: 5_000,
    snapshot: third,
    recordedAt: 100_150,
    lastActive: undefined,
    completeness: { kind: "Small", chunks: 1 },
    ...about,
  };
}

describe("a job that its user did not suspend", () => {
  test.each<[string, Partial<JobFacts>]>([
    ["stands on the snapshot that it had when it last ran", { lastActive: { snapshot: third } }],
    [
      "ran and had no snapshot then and has none now",
      { lastActive: { snapshot: undefined }, snapshot: undefined, recordedAt: 1 },
    ],
    ["went on for long after its last snapshot", { recordedAt: 108_050 }],
    [
      "stands on a snapshot that came in turn",
      { lastActive: { snapshot: third }, snapshot: inTurn, recordedAt: 110_200 },
    ],
  ])("%s", (_, about) => {
    expect(wasLossSuspended(job(about))).toBe(true);
  });
});

describe("a job that its user may have suspended", () => {
  const outOfTurn = { id: 4, startedAt: 103_000, endedAt: 103_050 };
  const soon = { id: 4, startedAt: 105_049, endedAt: 105_099 };
  const late = { id: 4, startedAt: 105_551, endedAt: 105_600 };
  test.each<[string, Partial<JobFacts>]>([
    ["was suspended right after a snapshot, and nobody saw it run", {}],
    ["was suspended seconds after a snapshot, by members that starve", { recordedAt: 107_950 }],
    ["took a snapshot out of turn", { lastActive: { snapshot: third }, snapshot: outOfTurn, recordedAt: 103_150 }],
    ["took one a moment too soon", { lastActive: { snapshot: third }, snapshot: soon, recordedAt: 105_200 }],
    ["took one later than its turn", { lastActive: { snapshot: third }, snapshot: late, recordedAt: 105_700 }],
    ["had taken none when it last ran", { lastActive: { snapshot: undefined } }],
    ["scales by itself: no loss suspends it", { autoScaling: true, recordedAt: 108_050 }],
    ["has a configuration that could not be read", { autoScaling: undefined, recordedAt: 108_050 }],
    ["keeps no state: a loss would have ended it", { keepsState: false, recordedAt: 108_050 }],
    ["has a record that could not be read", { recordedAt: undefined, lastActive: { snapshot: third } }],
    ["failed by its own code, or its snapshot is damaged", { suspension: "boom", recordedAt: 108_050 }],
    ["is not suspended", { status: "RUNNING", suspension: undefined, recordedAt: 108_050 }],
  ])("%s", (_, about) => {
    expect(wasLossSuspended(job(about))).toBe(false);
  });
});

test("snapshots of one number from two sides of a split are told apart", () => {
  const other = { ...third, startedAt: 100_001 };
  expect(snapshotStamp(job({}))).not.toBe(snapshotStamp(job({ snapshot: other })));
  expect(snapshotStamp(job({ snapshot: undefined }))).toBeUndefined();
});
