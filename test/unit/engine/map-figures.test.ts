import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createMapFigures } from "../../../src/engine/map-figures.ts";
import { longField, uuidField } from "../../../src/engine/protocol/fields.ts";
import { type FakeMember, fakeMember, memberUuid, type Reply } from "./fake-member.ts";
import { type Measured, metricsBlob } from "./metrics-blob.ts";

const readMetrics = 0x200100;
const source = createMapFigures({ addresses: podOrLoopbackAddresses() });
const { signal } = new AbortController();

const ofMap = (subject: string, entries: number, bytes: number): Measured[] => [
  { prefix: "map", metric: "ownedEntryCount", subject, value: entries },
  { prefix: "map", metric: "backupEntryMemoryCost", subject, value: 9_999 },
  { prefix: "map", metric: "ownedEntryMemoryCost", subject, value: bytes },
];
const other: Measured = { prefix: "nearcache", metric: "ownedEntryCount", subject: "orders", value: 77 };

const rounds = (...blobs: readonly Buffer[]): Reply => ({
  fixed: [longField(7n)],
  fields: [[...blobs], Buffer.concat(blobs.map(() => longField(1n)))],
});
const ask = (...members: readonly FakeMember[]) =>
  source.read(
    members.map(({ address }) => ({ address, clusterName: "orders" })),
    signal,
  );

describe("figures of maps", () => {
  test("are the sums of what each member owns, of its newest round", async () => {
    await using first = await fakeMember({
      [readMetrics]: rounds(metricsBlob(ofMap("orders", 1, 1)), metricsBlob([...ofMap("orders", 10, 1_000), other])),
    });
    await using second = await fakeMember({
      [readMetrics]: rounds(metricsBlob([...ofMap("orders", 5, 500), ...ofMap("__jet.records", 2, 80)])),
    });
    expect(await ask(first, second)).toEqual({
      known: true,
      value: [
        { name: "orders", entries: 15, ownedBytes: 1_500 },
        { name: "__jet.records", entries: 2, ownedBytes: 80 },
      ],
    });
    await Promise.all([first.allClosed(), second.allClosed()]);
  });

  test("are asked of each member by its own id", async () => {
    let asked: Buffer | undefined;
    await using member = await fakeMember({
      [readMetrics]: ({ fixed }) => {
        asked = fixed.subarray(16, 33);
        return rounds(metricsBlob(ofMap("orders", 1, 1)));
      },
    });
    await ask(member);
    expect(asked).toEqual(uuidField(memberUuid));
  });

  test.each<[string, Reply, RegExp]>([
    ["that has collected nothing", rounds(), /^NotEnabled: /],
    [
      "that refuses",
      { error: { className: "java.lang.IllegalStateException", message: "metrics are off" } },
      /^Refused: IllegalStateException: metrics are off$/,
    ],
    ["whose metrics do not unpack", rounds(Buffer.from([0, 1, 0, 0, 0, 1, 65, 0, 0, 0, 1])), /^Malformed: /],
    [
      "whose metrics are of another version",
      rounds(Buffer.from([0, 2, 0, 0, 0, 0])),
      /^Malformed: metrics of version 2$/,
    ],
  ])("are not known with a member %s", async (_, reply, reason) => {
    await using good = await fakeMember({ [readMetrics]: rounds(metricsBlob(ofMap("orders", 1, 1))) });
    await using bad = await fakeMember({ [readMetrics]: reply });
    const answer = await ask(good, bad);
    expect(answer.known ? "" : answer.reason).toMatch(reason);
    await Promise.all([good.allClosed(), bad.allClosed()]);
  });
});
