import { describe, expect, test } from "vitest";
import { contentsOf } from "../../../src/archive/contents.ts";

const id = "0000-0000-0000-0001";
const gone = "0000-0000-0000-0002";
const everything = { exclude: [], mapStores: [] };

function map(name: string) {
  return { service: "hz:impl:mapService", name };
}

function chosen(names: readonly string[], choice: Parameters<typeof contentsOf>[2] = everything) {
  const { maps, leftOut } = contentsOf(names.map(map), [id], choice);
  return { maps: Object.fromEntries(maps.map(({ name, kind }) => [name, kind])), leftOut };
}

const always = {
  "__jet.executionRecords": "executionRecords",
  "__jet.records": "records",
  [`__jet.snapshot.${id}.0`]: "snapshot",
  [`__jet.snapshot.${id}.1`]: "snapshot",
  [`__jet.resources.${id}`]: "resources",
};

describe("what goes into an archive", () => {
  test("a job's own maps, though the engine lists none of them", () => {
    expect(chosen([])).toEqual({ maps: always, leftOut: [] });
  });

  test("what the engine keeps beside them, and every map of a user, each once", () => {
    const names = ["__jet.records", "__jet.results", "__jet.exportedSnapshot.a", "__sql.catalog", "orders"];
    expect(chosen(names).maps).toEqual({
      ...always,
      "__jet.results": "results",
      "__jet.exportedSnapshot.a": "snapshot",
      "__sql.catalog": "sql",
      orders: "user",
    });
  });

  test("not what is left of a job that is gone: the engine would delete it", () => {
    expect(chosen([`__jet.snapshot.${gone}.0`, `__jet.resources.${gone}`])).toEqual({ maps: always, leftOut: [] });
  });

  test.each([
    ["orders", ["orders"], ["orders-old", "old-orders"]],
    ["orders*", ["orders", "orders-old"], ["old-orders"]],
    ["*orders", ["orders", "old-orders"], ["orders-old"]],
    ["a*b*c", ["abc", "a.b.c", "abbc"], ["ab", "acb", "abcd"]],
    ["ab*ba", ["abba", "ab-ba"], ["aba", "ab"]],
    ["*", ["orders", ""], []],
    ["a.c", ["a.c"], ["abc"]],
  ])("not a map whose name is excluded as %s, and that is said", (pattern, out, kept) => {
    const { maps, leftOut } = chosen([...out, ...kept], { exclude: [pattern], mapStores: [] });
    expect(leftOut.map(({ name }) => name)).toEqual(out);
    expect(Object.keys(maps)).toEqual([...Object.keys(always), ...kept]);
    for (const { reason } of leftOut) expect(reason).toBe("left out by losslessRestart.archive.maps.exclude");
  });

  test("never without the state of jobs, whatever is excluded", () => {
    expect(chosen(["__jet.results"], { exclude: ["*"], mapStores: [] }).maps).toEqual({
      ...always,
      "__jet.results": "results",
    });
  });

  test("not a map with a MapStore, and that is said", () => {
    const { maps, leftOut } = chosen(["orders", "customers"], { exclude: [], mapStores: ["cust*"] });
    expect(maps).toEqual({ ...always, orders: "user" });
    expect(leftOut).toEqual([{ name: "customers", kind: "map", reason: expect.stringMatching(/^it has a MapStore/) }]);
  });

  test("not what is no map, and that is said of what holds something", () => {
    const objects = [
      { service: "hz:impl:queueService", name: "inbox" },
      { service: "hz:impl:ringbufferService", name: "events" },
      { service: "hz:impl:topicService", name: "news" },
      { service: "hz:impl:flakeIdGeneratorService", name: "__jet.ids" },
    ];
    expect(contentsOf(objects, [], everything).leftOut).toEqual([
      { name: "inbox", kind: "queue", reason: "only maps are archived" },
      { name: "events", kind: "ringbuffer", reason: "only maps are archived" },
    ]);
  });
});
