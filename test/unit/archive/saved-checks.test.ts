import { describe, expect, test } from "vitest";
import { checkCounts } from "../../../src/archive/saved-counts.ts";
import { checkJobs, type SuspendedJob } from "../../../src/archive/saved-jobs.ts";

const id = "0000-0000-0000-0001";

function job(chunks: number | undefined, exportedSnapshotName?: string): SuspendedJob {
  const stats = { snapshotId: 5, startedAt: 1, endedAt: 2, bytes: 1, keys: 1, chunks: chunks ?? 0 };
  return {
    archived: { id, name: "orders", statusBefore: "RUNNING", protected: false, quorum: 0 },
    record: {
      quorumSize: 0,
      snapshot: chunks === undefined ? undefined : { id: 5, dataMapIndex: 1, stats },
      lastSnapshotFailure: undefined,
      exportedSnapshotName,
      suspension: { by: "User" },
      executed: true,
      timestamp: 1,
    },
  };
}

function copied(entries: Record<string, number>, records = [id], executionRecords = records) {
  return {
    entries: (map: string) => entries[map] ?? 0,
    jobIds: (map: string) => new Set(map === "__jet.records" ? records : executionRecords),
  };
}

describe("the jobs of a copy", () => {
  test("are right when each has its records and all chunks of its last snapshot, or never had one", () => {
    checkJobs([job(14)], copied({ [`__jet.snapshot.${id}.1`]: 15 }));
    checkJobs([job(undefined)], copied({}));
    checkJobs([], copied({}, []));
    checkJobs([job(14, "a")], copied({ "__jet.exportedSnapshot.a": 15 }));
    checkJobs([job(14, "__jet.exportedSnapshot.a")], copied({ "__jet.exportedSnapshot.a": 15 }));
  });

  test.each([
    ["a chunk is missing", copied({ [`__jet.snapshot.${id}.1`]: 14 }), /^snapshot 5 of job orders has 15 .* and 14 in/],
    ["its snapshot is in the other map", copied({ [`__jet.snapshot.${id}.0`]: 15 }), /and 0 in the copy/],
    [
      "its record is missing",
      copied({ [`__jet.snapshot.${id}.1`]: 15 }, [], [id]),
      /^a record of job orders is missing/,
    ],
    ["its execution record is missing", copied({}, [id], []), /^a record of job orders is missing/],
    [
      "there is a record of a job that is not listed",
      copied({ [`__jet.snapshot.${id}.1`]: 15 }, [id, "0000-0000-0000-0002"]),
      /^the cluster has records of 2 jobs and lists 1/,
    ],
  ])("are refused when %s", (_, copy, message) => {
    expect(() => checkJobs([job(14)], copy)).toThrow(message);
  });
});

describe("the counts of a copy", () => {
  const counts = (kind: "user" | "snapshot", before: number, entries: number, after: number) => {
    const map = { name: "m", kind };
    return () =>
      checkCounts([{ ...map, entries, bytes: 0, files: [] }], [{ ...map, size: before }], [{ ...map, size: after }]);
  };

  test("are right when nothing changed, or entries of a user's map have ended", () => {
    counts("user", 10, 10, 10)();
    counts("snapshot", 10, 10, 10)();
    counts("user", 10, 9, 8)();
  });

  test.each([
    ["a user's map has grown", counts("user", 10, 10, 11)],
    ["more of a user's map was copied than was there", counts("user", 10, 11, 11)],
    ["less of a user's map was copied than is there", counts("user", 10, 9, 10)],
    ["a job's map has shrunk", counts("snapshot", 10, 10, 9)],
    ["less of a job's map was copied than was there", counts("snapshot", 10, 9, 9)],
  ])("are refused when %s", (_, check) => {
    expect(check).toThrow(/^map m had \d+ entries before it was copied, \d+ after, and \d+ in the copy/);
  });
});
