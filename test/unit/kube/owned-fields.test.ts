import { describe, expect, test } from "vitest";
import { ownedFieldsDiffer, type WholePaths } from "../../../src/kube/owned-fields.ts";

const cases: readonly [string, object, object, boolean, WholePaths?][] = [
  ["a value of another kind", { port: "1" }, { port: 1 }, true],
  ["fields that others added", { a: 1 }, { a: 1, b: 2 }, false],
  ["a missing field", { a: { b: 1 } }, { a: {} }, true],
  ["an undefined wish", { a: undefined }, { a: 1 }, false],
  ["a null wish for something that is there", { a: null }, { a: 1 }, true],
  ["a null wish for something that is not there", { a: null }, {}, false],
  ["an empty map that the server dropped", { a: {} }, {}, false],
  ["an empty list that the server dropped", { a: [] }, {}, false],
  ["a map that has only undefined wishes", { a: { b: undefined } }, {}, false],
  ["false that is missing: it may have a default of true", { a: false }, {}, true],
  ["an extra key in a map", { selector: { x: "1" } }, { selector: { x: "1", gate: "closed" } }, false],
  ["an extra key in a map that is ours", { s: { x: "1" } }, { s: { x: "1", gate: "closed" } }, true, [["s"]]],
  ["an extra key deep in a map that is ours", { s: [{ a: {} }] }, { s: [{ a: { b: 1 } }] }, true, [["s"]]],
  ["the emptied map that is ours", { s: {} }, { s: { x: "1" } }, true, [["s"]]],
  ["a defaulted field beside a map that is ours", { s: { x: "1" } }, { s: { x: "1" }, type: "y" }, false, [["s"]]],
  ["a list of values, longer", { l: ["a"] }, { l: ["a", "b"] }, true],
  ["a list of values in another order", { l: ["a", "b"] }, { l: ["b", "a"] }, true],
  ["an emptied list", { l: [] }, { l: ["a"] }, true],
  [
    "named entries in another order",
    { l: [{ name: "a" }, { name: "b" }] },
    { l: [{ name: "b" }, { name: "a" }] },
    false,
  ],
  ["a named entry of somebody else", { l: [{ name: "a" }] }, { l: [{ name: "a" }, { name: "b" }] }, false],
  [
    "a foreign entry of a list that is ours",
    { l: [{ name: "a" }] },
    { l: [{ name: "a" }, { name: "b" }] },
    true,
    [["l"]],
  ],
  ["a named entry that differs", { l: [{ name: "a", v: 1 }] }, { l: [{ name: "a", v: 2 }] }, true],
  ["a named entry that is missing", { l: [{ name: "a" }] }, { l: [] }, true],
  ["ports without names, defaulted", { l: [{ port: 1 }] }, { l: [{ port: 1, protocol: "TCP", targetPort: 1 }] }, false],
  ["a port of another protocol", { l: [{ port: 1, protocol: "UDP" }] }, { l: [{ port: 1, protocol: "TCP" }] }, true],
  ["nameless entries by place", { l: [{ from: 1 }, { to: 2 }] }, { l: [{ from: 1, x: 1 }, { to: 2 }] }, false],
  [
    "quantities of the same value",
    { limits: { cpu: "1000m", memory: "1024Mi" } },
    { limits: { cpu: "1", memory: "1Gi" } },
    false,
  ],
  ["quantities as number and text", { requests: { cpu: 0.5 } }, { requests: { cpu: "500m" } }, false],
  ["quantities with exponent", { requests: { storage: "1e3" } }, { requests: { storage: "1k" } }, false],
  ["quantities of different value", { limits: { memory: "1G" } }, { limits: { memory: "1Gi" } }, true],
  ["text outside resources that looks like a quantity", { data: { a: "1000m" } }, { data: { a: "1" } }, true],
  ["a map where a text was", { a: { b: 1 } }, { a: "text" }, true],
];

describe("desired against live", () => {
  test.each(cases)("%s", (_, desired, live, differs, whole = []) => {
    expect(ownedFieldsDiffer(desired, live, whole)).toBe(differs);
  });
});
