import { describe, expect, test } from "vitest";
import { enginesToTest, startCluster } from "../engine/members.ts";
import { addressesOf, archiveVolumes, restoreAll, saveAll } from "./archives.ts";
import { counted, countedFurther, jobsOf } from "./jobs.ts";
import { narrowLine } from "./narrow-line.ts";
import { sampleClasses } from "./sample-classes.ts";

/**
 * The engine looks for snapshot maps of jobs that are gone every five seconds. One round at least is waited for, and twelve
 * where the engines are chosen, as a full run does.
 */
const { JET_TEST_ENGINES: chosen } = process.env;
const leastSeconds = chosen === undefined ? 8 : 65;

describe.each(enginesToTest())("a job's snapshot on %s", (version) => {
  test("is all there after a restore so slow that the engine's clean-up comes round meanwhile", async () => {
    using volumes = archiveVolumes();
    const { jar, classPath } = await sampleClasses(version);
    const archived = await (async () => {
      await using cluster = await startCluster({ version, size: 2, classPath });
      const jobs = jobsOf(cluster);
      await jobs.safe(2);
      const job = "name=large map=out protected=false rate=1000 keys=200 snapshotMillis=1000 stateBytes=20000";
      await cluster.members[0]!.command(`sample ${jar} true ${job}`);
      await countedFurther(cluster, "out", new Map(Array.from({ length: 200 }, (_, key) => [String(key), nothing])));
      await jobs.suspend("large");
      await jobs.changeState("PASSIVE");
      const noted = (await jobs.list()).map(({ id }) => ({ id, status: "RUNNING" }));
      const before = await counted(cluster, "out");
      return { before, archive: await saveAll(addressesOf(cluster), volumes.next(), { noted }) };
    })();
    const { archive, before } = archived;
    const bytes = archive.manifest.maps
      .filter(({ kind }) => kind === "snapshot")
      .reduce((sum, map) => sum + map.bytes, 0);
    expect(bytes).toBeGreaterThan(4_000_000);

    await using cluster = await startCluster({ version, size: 2, partitions: 31 });
    const jobs = jobsOf(cluster);
    await jobs.safe(2);
    const rate = bytes / 2 / leastSeconds;
    await using one = await narrowLine(cluster.members[0]!.address, "127.0.2.1", rate);
    await using two = await narrowLine(cluster.members[1]!.address, "127.0.2.2", rate);
    const began = performance.now();
    await restoreAll([one.address, two.address], archive, { limits: { idleMillis: 120_000 } });
    expect((performance.now() - began) / 1_000).toBeGreaterThan(0.9 * leastSeconds);

    expect(await jobs.statuses()).toEqual({ large: "SUSPENDED" });
    await jobs.resume("large");
    const now = await countedFurther(cluster, "out", before);
    for (const [key, { right, origin }] of now) {
      expect({ key, right, origin }).toEqual({ key, right: true, origin: before.get(key)!.origin });
    }
  }, 600_000);
});

const nothing = { number: 0, right: true, origin: "" };
