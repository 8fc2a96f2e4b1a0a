import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createGeneration, listGenerations } from "../../../src/archive/generations.ts";
import type { Progress } from "../../../src/archive/progress.ts";
import { copyFrom } from "../../../src/archive/save.ts";
import { verifyGeneration } from "../../../src/archive/verify.ts";
import { copyRequest, ran, rested, stoppedCluster, stranger, temporaryVolume } from "./archive-fixture.ts";
import type { FakeCluster } from "./fake-cluster.ts";

describe("a copy of a cluster", () => {
  test("has every map with its counts, the jobs as they were, and files that are as the manifest says", async () => {
    using volume = temporaryVolume();
    const generation = await createGeneration(volume.path);
    const told: Progress[] = [];
    const request = copyRequest({ onProgress: (progress) => told.push(progress) });
    const manifest = await copyFrom(stoppedCluster().open(), request, generation);
    expect(Object.fromEntries(manifest.maps.map(({ name, entries }) => [name, entries]))).toEqual({
      "__jet.records": 2,
      "__jet.executionRecords": 2,
      [`__jet.snapshot.${ran}.0`]: 21,
      [`__jet.snapshot.${rested}.0`]: 21,
      [`__jet.resources.${ran}`]: 2,
      [`__jet.resources.${rested}`]: 2,
      "__jet.results": 3,
      orders: 1_200,
      empty: 0,
    });
    expect(manifest.jobs.map(({ id, statusBefore }) => [id, statusBefore])).toEqual([
      [ran, "RUNNING"],
      [rested, "SUSPENDED"],
    ]);
    expect(manifest).toMatchObject({
      engine: { version: "5.7.0", line: "5.7" },
      cluster: { id: "old", partitionCount: 5 },
    });
    expect((await verifyGeneration(generation, manifest)).filter(({ problem }) => problem)).toEqual([]);
    expect(told.at(-1)).toMatchObject({ step: "copying", entries: 1_253, entriesTotal: 1_253 });
  });

  test("that failed at any point leaves no file behind that is not whole, and no manifest", async () => {
    const whole = stoppedCluster();
    using first = temporaryVolume();
    await copyFrom(whole.open(), copyRequest(), await createGeneration(first.path));
    for (let failsAt = 0; failsAt < whole.calls; failsAt++) {
      using volume = temporaryVolume();
      const generation = await createGeneration(volume.path);
      const cluster = stoppedCluster();
      cluster.failsAt = failsAt;
      await expect(copyFrom(cluster.open(), copyRequest(), generation)).rejects.toThrow("the connection failed");
      expect((await listGenerations(volume.path)).map(({ content }) => content.kind)).toEqual(["interrupted"]);
      expect(readdirSync(generation.directory)).not.toContain("manifest.json");
    }
  });

  const refusals: [string, (cluster: FakeCluster) => void, RegExp][] = [
    ["is ACTIVE", (c) => (c.sight = { ...c.sight, state: "ACTIVE" }), /^the cluster is ACTIVE, not PASSIVE/],
    ["has a job that runs", (c) => c.jobs.set(ran, "NOT_RUNNING"), /is NOT_RUNNING, not SUSPENDED/],
    ["has a job that was not noted", (c) => c.jobs.set(stranger, "SUSPENDED"), /came after the jobs were noted/],
    [
      "has a job without an execution record",
      (c) => c.map("__jet.executionRecords").clear(),
      /has no execution record: restored, it would start from nothing/,
    ],
    [
      "lost a chunk",
      (c) => c.map(`__jet.snapshot.${ran}.0`).delete([...c.map(`__jet.snapshot.${ran}.0`).keys()][0]!),
      /has 21 entries by its record, and 20 in the copy/,
    ],
    ["lists fewer jobs than it has records", (c) => c.unlisted.add(rested), /has records of 2 jobs and lists 1/],
  ];
  test.each(refusals)("is refused when the cluster %s", async (_, change, message) => {
    using volume = temporaryVolume();
    const cluster = stoppedCluster();
    await copyFrom(cluster.open(), copyRequest(), await createGeneration(volume.path));
    change(cluster);
    const generation = await createGeneration(volume.path);
    await expect(copyFrom(cluster.open(), copyRequest(), generation)).rejects.toThrow(message);
  });

  test.each<[string, (cluster: FakeCluster) => void, RegExp]>([
    ["a member was exchanged", (c) => (c.sight = { ...c.sight, members: ["a", "c"] }), /^the members changed/],
    ["it became ACTIVE", (c) => (c.sight = { ...c.sight, state: "ACTIVE" }), /^the cluster is ACTIVE, not PASSIVE/],
  ])("is refused when meanwhile %s", async (_, change, message) => {
    using volume = temporaryVolume();
    const cluster = stoppedCluster();
    const onProgress = ({ entries }: Progress) => void (entries > 0 && change(cluster));
    const copy = copyFrom(cluster.open(), copyRequest({ onProgress }), await createGeneration(volume.path));
    await expect(copy).rejects.toThrow(message);
  });

  test("ends with its signal, and leaves no manifest", async () => {
    using volume = temporaryVolume();
    const stopping = new AbortController();
    const onProgress = () => stopping.abort(new Error("given up"));
    const request = copyRequest({ signal: stopping.signal, onProgress });
    const generation = await createGeneration(volume.path);
    await expect(copyFrom(stoppedCluster().open(), request, generation)).rejects.toThrow("given up");
    expect(readdirSync(generation.directory)).toEqual([]);
  });
});
