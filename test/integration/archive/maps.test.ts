import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { type ClusterMaps, openClusterMaps, type RawEntry } from "../../../src/engine/maps.ts";
import { clusterName, enginesToTest, startCluster, type TestCluster } from "../engine/members.ts";

const entryCount = 20_000;
const valueBytes = 500;

async function readAll(maps: ClusterMaps, name: string): Promise<RawEntry[]> {
  const reader = maps.reader(name);
  const entries: RawEntry[] = [];
  for (let partition = 0; partition < maps.partitionCount; partition++) {
    for await (const batch of reader.partition(partition)) entries.push(...batch);
  }
  return entries;
}

describe.each(enginesToTest())("the maps of a real cluster of two members of %s", (version) => {
  let cluster: TestCluster;
  let maps: ClusterMaps;
  const open = (count = 2) =>
    openClusterMaps({
      clusterName,
      members: cluster.members.slice(0, count).map(({ address }) => address),
      signal: new AbortController().signal,
      addresses: podOrLoopbackAddresses(),
    });

  beforeAll(async () => {
    cluster = await startCluster({ version, size: 2, partitions: 31 });
    maps = await open();
  }, 300_000);

  afterAll(async () => {
    maps?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  test("all members are looked at, and every partition has one of them as its owner", async () => {
    const sight = await maps.look();
    expect(sight).toMatchObject({ state: "ACTIVE", engineVersion: version });
    expect(sight.owners).toHaveLength(31);
    expect([...new Set(sight.owners)].sort()).toEqual([...sight.members].sort());
  });

  test("a cluster of which a member is not named is refused", async () => {
    await expect(open(1)).rejects.toThrow("the cluster has 1 members more than were named");
  });

  test("entries read raw and put raw into another map are there for Java, each as it was", async () => {
    await cluster.members[0]!.command(`fill numbers ${entryCount} ${valueBytes}`);
    expect(await maps.objects()).toContainEqual({ service: "hz:impl:mapService", name: "numbers" });
    expect(await maps.size("numbers")).toBe(entryCount);
    const entries = await readAll(maps, "numbers");
    expect(entries).toHaveLength(entryCount);
    await maps.makeProxy("copy");
    const writer = maps.writer("copy");
    for (let at = 0; at < entries.length; at += 777) await writer.add(entries.slice(at, at + 777));
    await writer.finish();
    expect(await maps.size("copy")).toBe(entryCount);
    expect(await cluster.members[1]!.command(`right copy ${valueBytes}`)).toBe(String(entryCount));
  });

  test("entries put without a proxy are there, but the map's name is not listed", async () => {
    const writer = maps.writer("unnamed");
    await writer.add((await readAll(maps, "numbers")).slice(0, 50));
    await writer.finish();
    expect(await maps.size("unnamed")).toBe(50);
    expect((await maps.objects()).map(({ name }) => name)).not.toContain("unnamed");
  });

  test("a map whose entries end by age is told from one that keeps them", async () => {
    await cluster.members[0]!.command("forgetful brief");
    expect(await maps.forgetsEntries("brief")).toBe(true);
    expect(await maps.forgetsEntries("numbers")).toBe(false);
  });
});
