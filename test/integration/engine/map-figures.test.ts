import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createMapFigures, type MapFigures } from "../../../src/engine/map-figures.ts";
import { eventually } from "./eventually.ts";
import { clusterName, enginesToTest, startCluster, type TestCluster } from "./members.ts";

const source = createMapFigures({ addresses: podOrLoopbackAddresses() });

describe.each(enginesToTest())("what two real members of %s say of their maps", (version) => {
  let cluster: TestCluster;
  const figures = async (): Promise<ReadonlyMap<string, MapFigures>> => {
    const asked = cluster.members.map(({ address }) => ({ address, clusterName }));
    const answer = await source.read(asked, new AbortController().signal);
    if (!answer.known) throw new Error(answer.reason);
    return new Map(answer.value.map((map) => [map.name, map]));
  };

  beforeAll(async () => {
    cluster = await startCluster({ version, size: 2, partitions: 31 });
  }, 300_000);

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  test("is how many entries each has, and what memory the owners' copies of them take", async () => {
    await cluster.members[0]!.command("fill few 500 10000");
    await cluster.members[0]!.command("fill many 20000 20");
    const found = await eventually(
      figures,
      (all) => all.get("few")?.entries === 500 && all.get("many")?.entries === 20_000,
    );
    // Key of 12 bytes, and 12 before the value's own: what is beyond is what the engine needs to keep an entry.
    const beside = (name: string, valueBytes: number) => {
      const { entries, ownedBytes } = found.get(name)!;
      return ownedBytes / entries - (24 + valueBytes);
    };
    for (const bytes of [beside("few", 10_000), beside("many", 20)]) {
      expect(bytes).toBeGreaterThanOrEqual(60);
      expect(bytes).toBeLessThanOrEqual(200);
    }
  });

  test("tells of the state of jobs, too", async () => {
    const id = await cluster.members[0]!.command("submit counter EXACTLY_ONCE false true 500 1000 1000");
    const ofState = (all: ReadonlyMap<string, MapFigures>) =>
      [...all.values()]
        .filter(({ name }) => name.startsWith(`__jet.snapshot.${id}.`))
        .reduce((sum, { ownedBytes }) => sum + ownedBytes, 0);
    const all = await eventually(figures, (maps) => ofState(maps) > 1_000_000);
    expect(ofState(all)).toBeLessThan(4_000_000);
  });
});
