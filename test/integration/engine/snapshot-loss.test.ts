import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineJobs } from "../../../src/engine/jobs.ts";
import { eventually } from "./eventually.ts";
import { clusterName, enginesToTest, startCluster } from "./members.ts";

const jobs = createEngineJobs({ addresses: podOrLoopbackAddresses() });
const signal = new AbortController().signal;
const entryBytes = 10_000;

interface State {
  readonly megabytes: number;
  readonly intervalMillis: number;
}

/** Compares snapshots of a job with so much state on one member, until `enough` or for so many comparisons. */
async function comparisons(version: string, state: State, most: number, enough: (lost: number) => boolean) {
  const { megabytes, intervalMillis } = state;
  await using cluster = await startCluster({ version, size: 1, heap: `${Math.max(256, megabytes * 10)}m` });
  const [member] = cluster.members;
  const asked = { address: member!.address, clusterName };
  const keys = (megabytes * 1_000_000) / entryBytes;
  const id = await member!.command(`submit large EXACTLY_ONCE true true ${intervalMillis} ${keys} ${entryBytes}`);
  const losses: number[] = [];
  while (losses.length < most && !losses.some(enough)) {
    const watch = () => jobs.checkSnapshot(asked, id, { snapshots: 1, watchMillis: 60_000 }, signal);
    const answer = await eventually(watch, (each) => each.known && each.value.emitted >= keys, 300_000);
    if (answer.known) losses.push(answer.value.emitted - answer.value.stored);
  }
  return losses;
}

describe.each(enginesToTest())("%s with one member", (version) => {
  test("stores all of a small state's snapshot", async () => {
    expect(await comparisons(version, { megabytes: 5, intervalMillis: 1_000 }, 1, () => true)).toEqual([0]);
  }, 600_000);
});

/** Where the loss was seen at this size; it needs a thousand operations in flight, which takes memory and minutes. */
const losing = { "5.7.0": 200, "5.5.0": 200, "4.5.4": 400 };
const { JET_TEST_ENGINES: chosen } = process.env;
const engines = chosen === undefined ? [] : enginesToTest();
const large = engines.flatMap((version) => {
  const megabytes = losing[version as keyof typeof losing];
  return megabytes === undefined ? [] : [{ version, megabytes }];
});

describe.each(large)("$version with one member and $megabytes MB of state", ({ version, megabytes }) => {
  test("loses entries of snapshots without an error, and the comparison shows how many", async () => {
    const losses = await comparisons(version, { megabytes, intervalMillis: 6_000 }, 10, (lost) => lost > 0);
    expect(losses.at(-1)).toBeGreaterThan(0);
    expect(Math.min(...losses)).toBeGreaterThanOrEqual(0);
  }, 900_000);
});
