import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../../src/engine/addresses.ts";
import { ClusterNotWholeError, openClusterMaps } from "../../../../src/engine/maps.ts";
import { intField, longField } from "../../../../src/engine/protocol/fields.ts";
import { type FakeMember, fakeMember, viewReply, welcome } from "../fake-member.ts";

const [one, two, three] = [1, 2, 3].map((n) => `a1b2c3d4-0000-4000-8000-00000000000${n}`) as [string, string, string];
const [active, passive] = [0, 3];

interface Side {
  readonly sees: readonly string[];
  readonly owners?: readonly string[];
  readonly state?: number;
  readonly version?: string;
}

function member(uuid: string, side: Side): Promise<FakeMember> {
  const { sees, owners = [one, two, one], state = active, version = "5.7.0" } = side;
  return fakeMember({
    256: welcome(version, uuid, owners.length),
    76288: { fixed: [intField(0)] },
    2100736: { fixed: [Buffer.from([state]), longField(1n)], fields: [Buffer.from(version), null] },
    768: viewReply(sees, owners),
  });
}

async function open(...members: FakeMember[]) {
  const maps = await openClusterMaps({
    clusterName: "orders",
    members: members.map(({ address }) => address),
    signal: new AbortController().signal,
    addresses: podOrLoopbackAddresses(),
    limits: { connectMillis: 10_000, idleMillis: 10_000 },
  });
  return { ...maps, [Symbol.dispose]: () => maps.close() };
}

describe("opening a cluster's maps", () => {
  test("takes members that agree, and gives what they agree on", async () => {
    await using a = await member(one, { sees: [one, two] });
    await using b = await member(two, { sees: [one, two] });
    using maps = await open(a, b);
    expect(maps.partitionCount).toBe(3);
    expect(await maps.look()).toMatchObject({ members: [one, two], owners: [one, two, one], state: "ACTIVE" });
  });

  test("says IN_TRANSITION while a change of state has reached some and not others", async () => {
    await using a = await member(one, { sees: [one, two] });
    await using b = await member(two, { sees: [one, two], state: passive });
    using maps = await open(a, b);
    expect((await maps.look()).state).toBe("IN_TRANSITION");
  });

  test.each<[string, Side, RegExp]>([
    ["sees other members", { sees: [two, one] }, /^members 127\.0\.0\.1 and 127\.0\.0\.1 see different members$/],
    ["has another version", { sees: [one, two], version: "5.6.0" }, /run 5\.7\.0 and 5\.6\.0$/],
    ["has other partitions", { sees: [one, two], owners: [one, two] }, /have different numbers of partitions$/],
  ])("is refused when one of them %s", async (_, side, message) => {
    await using a = await member(one, { sees: [one, two] });
    await using b = await member(two, side);
    await expect(open(a, b)).rejects.toThrow(message);
    await Promise.all([a.allClosed(), b.allClosed()]);
  });

  test("is refused when a member is missing or named twice, and when a partition has no owner", async () => {
    await using a = await member(one, { sees: [one, two] });
    await expect(open(a)).rejects.toThrow("the cluster has 1 members more than were named");
    await using alone = await member(one, { sees: [one], owners: [one, one, one] });
    await expect(open(alone, alone)).rejects.toThrow(ClusterNotWholeError);
    await expect(open(alone, alone)).rejects.toThrow("two of the addresses are one member's");
    await using orphan = await member(one, { sees: [one], owners: [one, three, one] });
    await expect(open(orphan)).rejects.toThrow("partition 1 has no owner");
  });

  test("never dials an address that the policy refuses", async () => {
    const signal = new AbortController().signal;
    const members = [{ host: "169.254.169.254", port: 80 }];
    await expect(openClusterMaps({ clusterName: "orders", members, signal })).rejects.toThrow(
      "member 169.254.169.254:80: a link-local address is never asked",
    );
    await expect(openClusterMaps({ clusterName: "orders", members: [], signal })).rejects.toThrow("no member is named");
  });
});
