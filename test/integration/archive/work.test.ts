import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listGenerations } from "../../../src/archive/generations.ts";
import { startCluster, type TestCluster } from "../engine/members.ts";
import { addressesOf, sizeOf } from "./archives.ts";
import { jobsOf } from "./jobs.ts";
import { beginWork, nonce } from "./program.ts";

/** The program that the operator's Jobs run, from its arguments to its last words, on a real member. */
const entries = 5_000;
const directory = mkdtempSync(join(tmpdir(), "jet-work-"));
const lastWords = join(directory, "last-words");
const volume = mkdtempSync(join(tmpdir(), "jet-work-volume-"));
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ version: "5.7.0", size: 1, partitions: 31 });
  await cluster.members[0]!.command(`fill orders ${entries} 100`);
}, 300_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  for (const path of [directory, volume]) rmSync(path, { recursive: true, force: true });
});

const work = (does: "save" | "restore", more: readonly string[]) =>
  beginWork(does, cluster, { volume, lastWords }, more);
const words = () => readFileSync(lastWords, "utf8");

test("saves only once the cluster is PASSIVE, and names in its last words what it saved", async () => {
  const { ended, ready } = await work("save", ["--uid=u", "--size=1", "--keep=2"]);
  await expect.poll(ready, { timeout: 60_000 }).toBe(true);
  expect(await listGenerations(volume)).toEqual([]);
  await jobsOf(cluster).changeState("PASSIVE");
  expect(await ended).toBe(0);
  const result = JSON.parse(words());
  expect(result).toMatchObject({ generation: 1, nonce, version: "5.7.0", entries, jobs: 0 });
  expect(result.storedBytes).toBeGreaterThan(entries);
  expect(result.millis).toBeGreaterThan(0);
  const [found] = await listGenerations(volume);
  expect(found).toMatchObject({
    number: 1,
    nonce,
    content: { kind: "complete", verified: true, digest: result.digest },
  });
});

test("fills an empty cluster with exactly the archive that it is told of", async () => {
  const { digest } = JSON.parse(words());
  await cluster[Symbol.asyncDispose]();
  cluster = await startCluster({ version: "5.7.0", size: 1, partitions: 31 });
  const other = await work("restore", ["--generation=1", `--digest=${"0".repeat(64)}`]);
  expect(await other.ended).toBe(1);
  expect(words()).toContain("manifest.json");
  expect(await sizeOf(addressesOf(cluster), "orders")).toBe(0);
  const { ended } = await work("restore", ["--generation=1", `--digest=${digest}`]);
  expect(await ended).toBe(0);
  expect(await sizeOf(addressesOf(cluster), "orders")).toBe(entries);
}, 300_000);

test("a save that ends half-way leaves no archive, and what it found in its last words", async () => {
  await jobsOf(cluster).changeState("ACTIVE");
  const { ended, ready } = await work("save", ["--uid=u", "--size=1", "--keep=2"]);
  await expect.poll(ready, { timeout: 60_000 }).toBe(true);
  await cluster[Symbol.asyncDispose]();
  expect(await ended).toBe(1);
  expect(words()).toMatch(/member 127\.0\.0\.1|member 127\.0\.1\.\d+/);
  expect((await listGenerations(volume)).map(({ number }) => number)).toEqual([1]);
});
