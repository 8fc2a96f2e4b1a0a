import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listGenerations } from "../../../src/archive/generations.ts";
import type { VerifiedGeneration } from "../../../src/archive/restore.ts";
import { eventually } from "../engine/eventually.ts";
import { enginesToTest, startCluster, type TestCluster } from "../engine/members.ts";
import { addressesOf, archiveVolumes, restoreAfterDeath, restoreAll, saveAll, sizeOf } from "./archives.ts";
import { type ClusterJobs, type Counted, counted, countedFurther, jobsOf } from "./jobs.ts";
import { sampleClasses } from "./sample-classes.ts";

const entries = 40_000;
const valueBytes = 500;
const sampleJobs = ["running", "protected", "stopped"] as const;
/** Slow enough to be caught in the middle. */
const slow = { requestBytes: 1_024, requestsInFlight: 1 };

describe.each(enginesToTest())("a cluster of %s, archived and restored", (version) => {
  const volumes = archiveVolumes();
  let cluster: TestCluster;
  let jobs: ClusterJobs;
  let archive: VerifiedGeneration;
  const before = new Map<string, ReadonlyMap<string, Counted>>();

  beforeAll(async () => {
    const { jar, classPath } = await sampleClasses(version);
    cluster = await startCluster({ version, size: 3, classPath });
    jobs = jobsOf(cluster);
    await jobs.safe(3);
    const [first] = cluster.members;
    const settings = "rate=200 keys=10 snapshotMillis=500";
    for (const name of sampleJobs) {
      const own = `name=${name} map=out-${name} protected=${name === "protected"}`;
      await first!.command(`sample ${jar} ${name !== "protected"} ${own} ${settings}`);
    }
    await first!.command(`fill orders ${entries} ${valueBytes}`);
    await first!.command("fill scratch 100 10");
    for (const name of sampleJobs) await countedFurther(cluster, `out-${name}`, new Map([["0", countedNothing]]));
    await jobs.suspend("stopped");
  }, 600_000);

  afterAll(async () => {
    volumes[Symbol.dispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  test("is not copied while it is ACTIVE, and not while a job still runs", async () => {
    const noted = (await jobs.list()).map(({ id, status }) => ({ id, status }));
    const volume = volumes.next();
    const save = () => saveAll(addressesOf(cluster), volume, { noted });
    await expect(save()).rejects.toThrow("the cluster is ACTIVE, not PASSIVE");
    await jobs.changeState("PASSIVE");
    await expect(save()).rejects.toThrow(/job (running|protected) is NOT_RUNNING, not SUSPENDED/);
    expect((await listGenerations(volume)).map(({ content }) => content.kind)).toEqual(["interrupted", "interrupted"]);
    await jobs.changeState("ACTIVE");
    for (const name of ["running", "protected"]) await jobs.reaches(name, "RUNNING");
  });

  test("is copied when it stands still, and the manifest says what there was", async () => {
    const noted = (await jobs.list()).map(({ id, status }) => ({ id, status }));
    for (const name of ["running", "protected"]) await jobs.suspend(name);
    await jobs.changeState("PASSIVE");
    for (const name of sampleJobs) before.set(name, await counted(cluster, `out-${name}`));
    archive = await saveAll(addressesOf(cluster), volumes.next(), {
      noted,
      choice: { exclude: ["scr*"], mapStores: [] },
    });
    const { manifest } = archive;
    expect(Object.fromEntries(manifest.jobs.map((job) => [job.name, [job.statusBefore, job.quorum]]))).toEqual({
      running: ["RUNNING", 0],
      protected: ["RUNNING", 2],
      stopped: ["SUSPENDED", 0],
    });
    expect(manifest.maps.find(({ name }) => name === "orders")).toMatchObject({ kind: "user", entries });
    expect(manifest.maps.filter(({ kind }) => kind === "resources")).toHaveLength(3);
    expect(manifest.notArchived).toContainEqual(expect.objectContaining({ name: "scratch", kind: "map" }));
    expect(manifest).toMatchObject({ engine: { version }, cluster: { partitionCount: 271 } });
  });

  test("is not restored into the cluster that was archived", async () => {
    await jobs.changeState("ACTIVE");
    await expect(restoreAll(addressesOf(cluster), archive)).rejects.toThrow("this is the cluster that the archive was");
  });

  test("is restored by repeating, though the first time ended in the middle and then the master died", async () => {
    await cluster[Symbol.asyncDispose]();
    // Without the job's classes: it can only run from what was archived.
    cluster = await startCluster({ version, size: 3, partitions: 31 });
    jobs = jobsOf(cluster);
    await jobs.safe(3);
    const givenUp = new AbortController();
    const first = restoreAll(addressesOf(cluster), archive, { limits: slow, signal: givenUp.signal });
    const half = () =>
      eventually(
        () => sizeOf(addressesOf(cluster, 3), "orders"),
        (size) => size > 1_000,
      );
    await Promise.all([expect(first).rejects.toThrow(), half().then(() => givenUp.abort())]);
    expect(await jobs.statuses()).toEqual({ running: "SUSPENDED", protected: "SUSPENDED", stopped: "SUSPENDED" });

    const second = restoreAll(addressesOf(cluster), archive, { limits: slow });
    const later = () =>
      eventually(
        () => sizeOf(addressesOf(cluster, 3), "orders"),
        (size) => size > 2_000,
      );
    await Promise.all([
      expect(second).rejects.toThrow(/member 127\.0\.1\./),
      later().then(() => cluster.members[0]!.kill()),
    ]);
    await restoreAfterDeath(addressesOf(cluster, 2), archive);
    expect(await jobs.statuses()).toEqual({ running: "SUSPENDED", protected: "SUSPENDED", stopped: "SUSPENDED" });
  });

  test("has the same contents as before", async () => {
    expect(await cluster.members[2]!.command(`right orders ${valueBytes}`)).toBe(String(entries));
    expect(await sizeOf(addressesOf(cluster, 2), "scratch")).toBe(0);
    for (const name of sampleJobs) expect(await counted(cluster, `out-${name}`)).toEqual(before.get(name));
  });

  test("goes on with the jobs that ran, no update lost or repeated, and leaves the suspended one suspended", async () => {
    for (const name of ["running", "protected"]) {
      await jobs.resume(name);
      const now = await countedFurther(cluster, `out-${name}`, before.get(name)!);
      for (const [key, { right, origin }] of now) {
        expect({ key, right, origin }).toEqual({ key, right: true, origin: before.get(name)!.get(key)!.origin });
      }
    }
    expect(await jobs.statuses()).toEqual({ running: "RUNNING", protected: "RUNNING", stopped: "SUSPENDED" });
  });

  test("refuses to be restored again once its jobs have gone on", async () => {
    const again = () => restoreAll(addressesOf(cluster, 2), archive);
    await expect(again()).rejects.toThrow(/job (running|protected) is RUNNING, not SUSPENDED/);
    for (const name of ["running", "protected"]) await jobs.suspend(name);
    await expect(again()).rejects.toThrow(/has snapshot \d+ here and \d+ in the archive/);
  });

  test("archived once more, has the snapshots of the job that stayed suspended, which the engine does not list", async () => {
    const noted = (await jobs.list()).map(({ id, status }) => ({ id, status }));
    await jobs.changeState("PASSIVE");
    const { manifest } = await saveAll(addressesOf(cluster, 2), volumes.next(), { noted });
    const id = manifest.jobs.find(({ name }) => name === "stopped")!.id;
    const ofStopped = ({ maps }: typeof manifest) =>
      maps.filter(({ name }) => name.includes(id)).map(({ name, entries: count, bytes }) => ({ name, count, bytes }));
    expect(ofStopped(manifest)).toEqual(ofStopped(archive.manifest));
    expect(ofStopped(manifest)).toHaveLength(2);
    await jobs.changeState("ACTIVE");
  });

  test("has the suspended job go on where it stopped when its user resumes it", async () => {
    await jobs.resume("stopped");
    const now = await countedFurther(cluster, "out-stopped", before.get("stopped")!);
    expect([...now.values()].every(({ right }) => right)).toBe(true);
    expect([...now.values()].map(({ origin }) => origin)).toEqual(
      [...before.get("stopped")!.values()].map((c) => c.origin),
    );
  });
});

const countedNothing: Counted = { number: 0, right: true, origin: "" };
