import { describe, expect, test } from "vitest";
import { mapsWithStore } from "../../../../src/core/evidence/map-stores.ts";

const store = { "class-name": "com.example.Store" };

describe("maps with a store", () => {
  test.each([
    ["no configuration", undefined, []],
    ["no maps", {}, []],
    ["a map without a store", { orders: { "backup-count": 2 } }, []],
    ["a store", { orders: { "map-store": store } }, ["orders"]],
    ["a store that is switched on", { orders: { "map-store": { ...store, enabled: true } } }, ["orders"]],
    ["a store that is switched off", { orders: { "map-store": { ...store, enabled: false } } }, []],
    ["a store that is switched off in words", { orders: { "map-store": { ...store, enabled: "false" } } }, []],
    ["a pattern, and a map without", { "cust*": { "map-store": store }, orders: {} }, ["cust*"]],
    ["a store for all others", { default: { "map-store": store } }, ["*"]],
    ["no store but nonsense", { orders: { "map-store": "yes" }, other: [] }, []],
  ])("are known from a configuration with %s", (_, map, expected) => {
    const config = map === undefined ? {} : { hazelcast: { map } };
    expect(mapsWithStore({ config })).toEqual(expected);
  });
});
