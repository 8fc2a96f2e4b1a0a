import { beforeAll, expect, test } from "vitest";
import { behaviourOf, differences } from "../conformance/compare.ts";
import { startFakeCluster } from "../conformance/fake-cluster.ts";
import type { Behaviour } from "../conformance/target.ts";
import { clusterName, startCluster } from "./engine/members.ts";

const jobName = "counter";
const size = 3;

const version = "5.7.0";

let fake: Behaviour;
let real: Behaviour;

beforeAll(async () => {
  await using ours = await startFakeCluster({ size, clusterName });
  await ours.submit(jobName);
  fake = await behaviourOf({ clusterName, members: ours.members, jobName }, { leave: true });
  await using theirs = await startCluster({ version, size });
  await theirs.members[0]!.command(`submit ${jobName} EXACTLY_ONCE true true 2000 10 100`);
  const members = theirs.members.map(({ address }) => address);
  real = await behaviourOf({ clusterName, members, jobName }, { leave: true });
}, 900_000);

test(`the fake Enterprise member and the real ${version} answer every question in the same way`, () => {
  expect(Object.keys(fake)).toEqual(Object.keys(real));
  expect(Object.keys(real).length).toBeGreaterThan(70);
  expect(differences(real, fake)).toEqual([]);
});
