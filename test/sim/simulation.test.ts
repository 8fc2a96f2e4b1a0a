import { afterAll, describe, expect, test } from "vitest";
import { killLane } from "./archive-lane.ts";
import { archiveMutants } from "./archive-mutants.ts";
import { Counters } from "./counters.ts";
import { faultMutants } from "./fault-mutants.ts";
import { jobMutants } from "./job-mutants.ts";
import { calmLane, caughtBy, crashLane, type Lane, stormLane } from "./lanes.ts";
import { mutants } from "./mutants.ts";
import { mustReach, stormsReach } from "./reached.ts";
import { describeFailure, describeLane } from "./report.ts";
import { workloads } from "./workloads.ts";

/**
 * `JET_SIM_FULL`: every crash at every write, and as many storms as an idle core has in 20 minutes, the same in each run.
 * `JET_SIM_SEED`: others than the usual ones.
 */
const { JET_SIM_FULL, JET_SIM_SEED = "1" } = process.env;
const full = JET_SIM_FULL === "1";
const firstSeed = Number(JET_SIM_SEED);
const storms = full ? { seeds: 3_000, seconds: 2_700 } : { seeds: 500, seconds: 60 };
const limit = 3_000_000;
const reached = new Counters();

describe("the operator in a simulated world", () => {
  test("every story ends as its spec wants it when nothing fails", { timeout: limit }, async () => {
    for (const seed of [firstSeed, firstSeed + 1]) await passes("calm", () => calmLane(seed));
  });

  test("it may end at any write, and the next one goes on", { timeout: limit }, async () => {
    const stories = workloads.filter((workload) => crashStories.includes(workload.name));
    expect(stories).toHaveLength(crashStories.length);
    await passes("crashes", () => crashLane(firstSeed, stories, full ? 3 : 1));
  });

  test("it may end at any write of a stop with an archive, and of the start from it", { timeout: limit }, async () => {
    const stories = workloads.filter((workload) => archiveStories.includes(workload.name));
    expect(stories).toHaveLength(archiveStories.length);
    await passes("crashes around archives", () => crashLane(firstSeed, stories, full ? 3 : 1, full ? 1 : 7));
  });

  test("whoever is killed at any step of a save or a restore, all comes back", { timeout: limit }, async () => {
    await passes("kills around archives", () => killLane(firstSeed, archiveStories, full ? 1 : 29));
  });

  test("no invariant breaks in any storm, and all is well after it", { timeout: limit }, async () => {
    const end = Date.now() + storms.seconds * 1000;
    await passes("storms", () => stormLane(firstSeed, storms.seeds, () => Date.now() > end));
  });

  test("every action and every reason was reached", () => {
    expect([...mustReach, ...stormsReach].filter((name) => reached.of(name) === 0)).toEqual([]);
  });
});

describe("seeded mistakes are caught", () => {
  test.each([...mutants, ...jobMutants, ...faultMutants, ...archiveMutants])(
    "$name",
    { timeout: limit },
    async (mutant) => {
      const by = await caughtBy(mutant, 12);
      console.log(`${mutant.name}: ${by ?? "not caught"}`);
      expect(by).toBeDefined();
    },
  );
});

afterAll(() => {
  console.log(
    reached
      .entries()
      .map(([name, times]) => `${String(times).padStart(8)} ${name}`)
      .join("\n"),
  );
});

/** One story at least for each operation. */
const crashStories: readonly string[] = [
  "another size while forming",
  "grow and take it back",
  "shrink with jobs suspended",
  "shrink that refreshes a job's quorum",
  "roll",
  "stop and start",
  "stop and think again",
  "restart for a cluster-wide key",
  "scaled up by hand",
  "StatefulSet orphaned",
  "deleted gracefully",
  "surplus claims deleted",
  "a lost master, job without auto-scaling",
  "split into three, all of them smaller sides",
];

/** Those in which everything is killed at every step. */
const archiveStories: readonly string[] = full
  ? ["archive: stop and start", "archive: start with five", "archive: deleted and made again"]
  : ["archive: stop and start"];

async function passes(name: string, run: () => Promise<Lane>): Promise<void> {
  const began = Date.now();
  const lane = await run();
  reached.merge(lane.counters);
  console.log(describeLane(name, lane, Date.now() - began));
  expect(lane.failures.map(describeFailure)).toEqual([]);
}
