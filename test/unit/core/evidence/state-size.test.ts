import { describe, expect, test } from "vitest";
import { type JetClusterSpecInput, jetClusterSpec } from "../../../../src/api/jet-cluster.ts";
import { isNews, type MapFigures, neededRoom, stateSizeOf } from "../../../../src/core/evidence/state-size.ts";
import { saved } from "../archive-cases.ts";

const specWith = (more: { exclude?: string[]; config?: JetClusterSpecInput["config"] }) =>
  jetClusterSpec.parse({
    ...(more.config && { config: more.config }),
    losslessRestart: {
      mode: "Archive",
      archive: { storage: { size: "1Gi" }, ...(more.exclude && { maps: { exclude: more.exclude } }) },
    },
  });
const map = (name: string, entries: number, ownedBytes: number): MapFigures => ({ name, entries, ownedBytes });
const plain = specWith({});
const store = { hazelcast: { map: { "stock*": { "map-store": { enabled: true } } } } };

describe("what a stop would save", () => {
  test("is the state of jobs and the maps, without what the engine needs to keep them, to two digits", () => {
    const maps = [map("orders", 1_000, 1_200_000), map("__jet.snapshot.1.0", 100, 2_010_000)];
    expect(stateSizeOf(maps, plain)).toEqual({ bytes: 3_100_000, lacking: [] });
  });

  test("is nothing for a cluster that holds nothing", () => {
    expect(stateSizeOf([], plain)).toEqual({ bytes: 0, lacking: [] });
    expect(stateSizeOf([map("orders", 0, 0)], plain)).toEqual({ bytes: 0, lacking: [] });
    expect(stateSizeOf([map("tiny", 10, 1_000)], plain).bytes).toBe(0);
  });

  test.each([
    ["orders", ["orders"]],
    ["orders-2026-01", ["orders-*"]],
    ["old-orders-2026", ["*orders*"]],
    ["a-b-c", ["a*b*c"]],
    ["orders", ["other", "*"]],
  ])("leaves out %s for %j", (name, exclude) => {
    expect(stateSizeOf([map(name, 1, 10_000)], specWith({ exclude })).bytes).toBe(0);
  });

  test.each([
    ["orders", ["order"]],
    ["orders", ["*order"]],
    ["orders", ["Orders"]],
    ["aa", ["aa*a"]],
    ["ordersX", ["orders."]],
    ["__jet.snapshot.1.0", ["*"]],
    ["__sql.catalog", ["*"]],
  ])("does not leave out %s for %j", (name, exclude) => {
    expect(stateSizeOf([map(name, 1, 10_000)], specWith({ exclude })).bytes).toBeGreaterThan(9_000);
  });

  test("names maps with a MapStore that hold something, unless somebody left them out", () => {
    const maps = [map("stock-b", 1, 10_000), map("stock-a", 1, 10_000), map("stock-empty", 0, 0)];
    expect(stateSizeOf(maps, specWith({ config: store }))).toEqual({
      bytes: 0,
      lacking: [
        { name: "stock-a", reason: "it has a MapStore" },
        { name: "stock-b", reason: "it has a MapStore" },
      ],
    });
    expect(stateSizeOf(maps, specWith({ config: store, exclude: ["stock*"] })).lacking).toEqual([]);
  });

  test("is news when it has changed by more than a quarter, or other maps are lacking", () => {
    const size = (bytes: number, ...names: string[]) => ({
      bytes,
      lacking: names.map((name) => ({ name, reason: "" })),
    });
    expect(isNews(size(100e6), size(120e6))).toBe(false);
    expect(isNews(size(100e6), size(130e6))).toBe(true);
    expect(isNews(size(100e6), size(70e6))).toBe(true);
    expect(isNews(size(0), size(900_000))).toBe(false);
    expect(isNews(size(0), size(2e6))).toBe(true);
    expect(isNews(size(0, "a"), size(0, "a"))).toBe(false);
    expect(isNews(size(0, "a"), size(0, "a", "b"))).toBe(true);
  });
});

describe("the room that archives need", () => {
  const size = { bytes: 1e9, lacking: [] };

  test("is for those that are kept and the one that is written, as large as what there is until one was saved", () => {
    expect(neededRoom(size, 2, undefined)).toBe(3.3e9);
    expect(neededRoom(size, 1, saved)).toBe(2.2e9);
  });

  test("is by how well the last one could be compressed", () => {
    expect(neededRoom(size, 2, { ...saved, bytes: 1_000, storedBytes: 500 })).toBe(1.65e9);
    expect(neededRoom(size, 2, { ...saved, bytes: 1_000, storedBytes: 1_010 })).toBe(3.3e9);
    expect(neededRoom(size, 2, { ...saved, bytes: 0, storedBytes: 500 })).toBe(3.3e9);
  });
});
