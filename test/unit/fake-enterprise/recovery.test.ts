import { describe, expect, test } from "vitest";
import { type Facts, newFacts } from "../../fake-enterprise/facts.ts";
import { admission, decide, type Hello } from "../../fake-enterprise/recovery.ts";

const uuids = ["a", "b", "c"].map((letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`);
const [first = "", second = "", third = ""] = uuids;

function factsOf(members: readonly string[], changes: Partial<Facts> = {}): Facts {
  const seen = members.map((uuid) => ({ uuid, address: `[10.0.0.${uuids.indexOf(uuid)}]:5701`, boot: uuid }));
  return { ...newFacts("cluster", seen[0]!), state: "PASSIVE", listVersion: 3, ...changes, members: seen };
}

function hello(uuid: string, phase: Hello["phase"], facts?: Facts): Hello {
  return { uuid, address: `[10.0.0.${uuids.indexOf(uuid)}]:5701`, boot: uuid, clusterName: "orders", phase, facts };
}

const whole = factsOf(uuids);
const back = (uuid: string, facts: Facts = whole) => hello(uuid, "Recovering", facts);

describe("a member that starts with data on its volume", () => {
  test("waits for the others, by uuid", () => {
    expect(decide(back(first), [back(second)], true)).toEqual({ kind: "wait", why: `missing members: ${third}` });
  });

  test("does not begin while the data of one are older than its own", () => {
    const older = back(third, factsOf([second, third], { listVersion: 2 }));
    const decision = decide(back(first), [back(second), older], true);
    expect(decision).toEqual({
      kind: "wait",
      why: `missing members: ${third}; older data on the volume of ${third}`,
    });
    expect(decide(older, [back(first), back(second)], true)).toMatchObject({
      why: expect.stringContaining("is older"),
    });
  });

  test("does not take a member with an empty volume for the one that is missing", () => {
    const fresh = { ...hello(third, "New"), uuid: "dddddddd-0000-4000-8000-000000000000" };
    expect(decide(back(first), [back(second), fresh], true)).toMatchObject({ kind: "wait" });
    expect(decide(fresh, [back(first), back(second)], true)).toMatchObject({ kind: "wait" });
  });

  test("puts the cluster together when all are back, if it is the first of them", () => {
    expect(decide(back(first), [back(third), back(second)], true)).toEqual({
      kind: "recover",
      members: [back(first), back(second), back(third)],
    });
    expect(decide(back(second), [back(first), back(third)], true)).toMatchObject({ kind: "wait" });
  });

  test("expects those too that had left while the cluster was PASSIVE", () => {
    const last = factsOf([third], { missing: [first, second] });
    expect(decide(back(third, last), [back(first)], true)).toMatchObject({ why: `missing members: ${second}` });
    expect(decide(back(first), [back(second), back(third, last)], true)).toMatchObject({ kind: "recover" });
  });

  test("joins a cluster that runs, and no other than its own", () => {
    const running = hello(second, "Joined", factsOf([second, third]));
    expect(decide(back(first), [running], true)).toEqual({ kind: "join", master: "[10.0.0.1]:5701" });
    const foreign = { ...running, clusterName: "other" };
    expect(decide(back(first), [foreign], true)).toMatchObject({ kind: "wait" });
  });
});

test("new members wait until nobody else turns up, then the one with the lowest address begins", () => {
  const [one, two] = [hello(first, "New"), hello(second, "New")];
  expect(decide(one, [two], false)).toMatchObject({ kind: "wait" });
  expect(decide(one, [two], true)).toEqual({ kind: "form" });
  expect(decide(two, [one], true)).toMatchObject({ kind: "wait" });
});

describe("who may join", () => {
  const two = factsOf([first, second], { missing: [third] });

  test("a PASSIVE cluster: whom it misses, with the data it had then, and nobody else", () => {
    expect(admission(two, back(third, two))).toEqual({ kind: "admit" });
    expect(admission(two, back(third, factsOf(uuids, { listVersion: 2 })))).toMatchObject({ kind: "refuse" });
    expect(admission(two, hello(third, "New"))).toMatchObject({ kind: "refuse" });
    expect(admission(factsOf([first, second]), back(third))).toMatchObject({ kind: "refuse" });
  });

  test("an ACTIVE one: everybody, but with nothing from the past", () => {
    const active = factsOf([first, second], { state: "ACTIVE" });
    expect(admission(active, hello(third, "New"))).toEqual({ kind: "admit" });
    expect(admission(active, back(third))).toEqual({ kind: "stale" });
    expect(admission(active, back(second))).toMatchObject({ kind: "refuse" });
  });
});
