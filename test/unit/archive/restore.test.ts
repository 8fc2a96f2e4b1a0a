import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VerifiedGeneration } from "../../../src/archive/restore.ts";
import { readExecutionRecord } from "../../../src/engine/job-data.ts";
import {
  addRecord,
  archiveOf,
  load,
  ran,
  rested,
  someEntries,
  stoppedCluster,
  stranger,
  temporaryVolume,
} from "./archive-fixture.ts";
import { executionRecord, FakeCluster } from "./fake-cluster.ts";

describe("a restore", () => {
  const volume = temporaryVolume();
  let archive: VerifiedGeneration;
  const suspended = new Map([
    [ran, "SUSPENDED"],
    [rested, "SUSPENDED"],
  ]);

  beforeAll(async () => {
    archive = await archiveOf(stoppedCluster(), volume.path);
  });
  afterAll(() => volume[Symbol.dispose]());

  test("gives an empty cluster everything that was archived, and the jobs suspended", async () => {
    const cluster = new FakeCluster("new");
    await load(cluster, archive);
    expect(cluster.text()).toEqual(stoppedCluster().text());
    expect(cluster.jobs).toEqual(suspended);
    expect(cluster.startedFromNothing.size).toBe(0);
  });

  test("makes users' maps known by name, also an empty one, and never a job's own", async () => {
    const cluster = new FakeCluster("new");
    await load(cluster, archive);
    expect([...cluster.proxies].sort()).toEqual([
      "__jet.executionRecords",
      "__jet.records",
      "__jet.results",
      "empty",
      "orders",
    ]);
  });

  test("that failed at any point starts no job, and may be repeated", async () => {
    const whole = new FakeCluster("new");
    await load(whole, archive);
    for (let failsAt = 0; failsAt < whole.calls; failsAt++) {
      const cluster = new FakeCluster("new");
      cluster.failsAt = failsAt;
      await expect(load(cluster, archive), `failing at call ${failsAt}`).rejects.toThrow("the connection failed");
      expect(cluster.startedFromNothing.size).toBe(0);
      cluster.failsAt = Number.POSITIVE_INFINITY;
      await load(cluster, archive);
      expect(cluster.text()).toEqual(whole.text());
      expect(cluster.jobs).toEqual(suspended);
      expect(cluster.startedFromNothing.size).toBe(0);
    }
  });

  const refusals: [string, (cluster: FakeCluster) => void, RegExp][] = [
    [
      "is the one that was archived",
      (c) => (c.sight = { ...c.sight, clusterId: "old" }),
      /^this is the cluster that the/,
    ],
    ["is not ACTIVE", (c) => (c.sight = { ...c.sight, state: "PASSIVE" }), /^the cluster is PASSIVE, not ACTIVE/],
    [
      "runs another line",
      (c) => (c.sight = { ...c.sight, engineVersion: "5.6.0" }),
      /runs 5\.6\.0, and .* is of 5\.7\.0/,
    ],
    ["has a job of its own", (c) => c.jobs.set(stranger, "RUNNING"), /^there is job job 0000-0000-0000-0009, RUNNING/],
    ["has started a job of the archive", (c) => c.jobs.set(ran, "RUNNING"), /0001 is RUNNING, not SUSPENDED/],
    [
      "has a record that is not archived",
      (c) => addRecord(c, stranger),
      /^there is a record of job 0000-0000-0000-0009/,
    ],
    [
      "has an execution record that is not archived",
      (c) => c.put("__jet.executionRecords", [executionRecord(stranger, 5, 1)]),
      /^there is an execution record of job 0000-0000-0000-0009/,
    ],
    [
      "has a newer snapshot of a job",
      (c) => c.put("__jet.executionRecords", [executionRecord(ran, 6, 20)]),
      /^job 0000-0000-0000-0001 has snapshot 6 here and 5 in the archive; leave it as it is/,
    ],
  ];
  test.each(refusals)("is refused when the cluster %s, before anything is written", async (_, change, message) => {
    const cluster = new FakeCluster("new");
    change(cluster);
    const before = cluster.text();
    await expect(load(cluster, archive)).rejects.toThrow(message);
    expect(cluster.text()).toEqual(before);
    expect(cluster.startedFromNothing.size).toBe(0);
  });

  test("fails when somebody else has written into a user's map, or into a snapshot", async () => {
    const written = new FakeCluster("new");
    written.put("orders", someEntries(1, 1_000_000));
    await expect(load(written, archive)).rejects.toThrow(/^map orders has 1201 entries after 1200 archived ones/);
    const other = new FakeCluster("new");
    other.put(`__jet.snapshot.${rested}.0`, someEntries(1, 1_000_000));
    await expect(load(other, archive)).rejects.toThrow(/^map __jet\.snapshot\.0000-0000-0000-0002\.0 has 22 entries/);
  });

  test("lowers the quorum of jobs that need more members than a person has accepted, and changes nothing else", async () => {
    const quorums = async (most: number | undefined) => {
      const cluster = new FakeCluster("new");
      await load(cluster, archive, most === undefined ? {} : { mostQuorum: most });
      const records = [...cluster.map("__jet.executionRecords").values()].map(({ value }) =>
        readExecutionRecord(value),
      );
      return records.sort((one, other) => other.quorumSize - one.quorumSize);
    };
    const [protected_, plain] = await quorums(undefined);
    expect([protected_?.quorumSize, plain?.quorumSize]).toEqual([3, 0]);
    expect(await quorums(1)).toEqual([{ ...protected_, quorumSize: 1 }, plain]);
    expect(await quorums(3)).toEqual([protected_, plain]);
  });
});
