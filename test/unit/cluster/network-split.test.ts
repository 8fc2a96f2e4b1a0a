import { expect, test } from "vitest";
import { rulesetFor } from "../../cluster/network-split.ts";

const drops = (sides: readonly (readonly string[])[]) =>
  rulesetFor(sides, 5701)
    .split("\n")
    .filter((line) => line.includes("drop"))
    .map((line) => line.trim());

test("packets are dropped both ways between two sides, in both directions of a connection", () => {
  expect(drops([["10.0.0.1"], ["10.0.0.2", "10.0.0.3"]])).toEqual([
    "ip saddr { 10.0.0.1 } ip daddr { 10.0.0.2, 10.0.0.3 } tcp dport 5701 drop",
    "ip saddr { 10.0.0.1 } ip daddr { 10.0.0.2, 10.0.0.3 } tcp sport 5701 drop",
    "ip saddr { 10.0.0.2, 10.0.0.3 } ip daddr { 10.0.0.1 } tcp dport 5701 drop",
    "ip saddr { 10.0.0.2, 10.0.0.3 } ip daddr { 10.0.0.1 } tcp sport 5701 drop",
  ]);
});

test("three sides are apart from each other, and an empty side makes no rule", () => {
  expect(drops([["10.0.0.1"], ["10.0.0.2"], ["10.0.0.3"]])).toHaveLength(12);
  expect(drops([["10.0.0.1"], []])).toEqual([]);
});

test("the table of an earlier split goes first, whether there is one or not", () => {
  expect(rulesetFor([["10.0.0.1"], ["10.0.0.2"]], 5701)).toMatch(
    /^table ip split\ndelete table ip split\ntable ip split \{/,
  );
});
