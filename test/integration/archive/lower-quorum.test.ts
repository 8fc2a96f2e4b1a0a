import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../engine/members.ts";
import { type ClusterJobs, type Counted, counted, countedFurther, jobsOf } from "./jobs.ts";
import { beginWork } from "./program.ts";
import { sampleClasses } from "./sample-classes.ts";

/**
 * A protected job of three members, restored into one: the engine would never start it there. Where a person has accepted
 * it, the record that the Job writes asks for fewer members.
 */
const version = "5.7.0";
const directory = mkdtempSync(join(tmpdir(), "jet-quorum-"));
const places = { volume: mkdtempSync(join(directory, "volume-")), lastWords: join(directory, "last-words") };
let cluster: TestCluster;
let jobs: ClusterJobs;
let before: ReadonlyMap<string, Counted>;

beforeAll(async () => {
  const { jar, classPath } = await sampleClasses(version);
  cluster = await startCluster({ version, size: 3, classPath });
  jobs = jobsOf(cluster);
  await jobs.safe(3);
  const settings = "name=guarded map=out protected=true rate=200 keys=10 snapshotMillis=500";
  await cluster.members[0]!.command(`sample ${jar} true ${settings}`);
  await countedFurther(cluster, "out", new Map([["0", { number: -1, right: true, origin: "" }]]));
}, 600_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

test("a protected job of three members is saved with its quorum", async () => {
  const { ended, ready } = await beginWork("save", cluster, places, ["--uid=u", "--size=3", "--keep=2"]);
  await expect.poll(ready, { timeout: 60_000 }).toBe(true);
  await jobs.suspend("guarded");
  await jobs.changeState("PASSIVE");
  before = await counted(cluster, "out");
  expect(await ended).toBe(0);
  expect((await jobs.list()).map((job) => job.name)).toEqual(["guarded"]);
}, 300_000);

test("it runs on one member, no update lost or repeated, once it is restored with a lower one", async () => {
  const { digest } = JSON.parse(readFileSync(places.lastWords, "utf8"));
  await cluster[Symbol.asyncDispose]();
  cluster = await startCluster({ version, size: 1, partitions: 31 });
  jobs = jobsOf(cluster);
  const restore = ["--generation=1", `--digest=${digest}`, "--most-quorum=1"];
  const { ended } = await beginWork("restore", cluster, places, restore);
  expect(await ended).toBe(0);
  expect(await jobs.statuses()).toEqual({ guarded: "SUSPENDED" });
  await jobs.resume("guarded");
  const after = await countedFurther(cluster, "out", before);
  for (const [key, { origin, right }] of after) {
    expect({ key, origin, right }).toEqual({ key, origin: before.get(key)?.origin, right: true });
  }
}, 300_000);
