import { describe, expect, test } from "vitest";
import { hostOf, inSomeView, singleView, smallerSides, viewsOf } from "../../../../src/core/evidence/views.ts";
import { type Case, observe, seen } from "../observation-fixture.ts";

describe("views", () => {
  test("members that agree hold one view", () => {
    const views = viewsOf(observe({ size: 3 }));
    expect(views.views).toHaveLength(1);
    expect(singleView(views)).toMatchObject({ master: "uuid-0", heldBy: ["orders-0", "orders-1", "orders-2"] });
  });

  test("the order after the master does not matter, the master does", () => {
    const order = viewsOf(observe({ size: 3, member: { 1: { view: seen(0, 2, 1) } } }));
    expect(order.views).toHaveLength(1);
    const master = viewsOf(observe({ size: 3, member: { 1: { view: seen(1, 0, 2) } } }));
    expect(master.views).toHaveLength(2);
  });

  test("the largest comes first, and two of a size in an order that stays", () => {
    const sizes = (islands: number[][]) => viewsOf(observe({ size: 5, islands })).views.map((v) => v.members.length);
    expect(sizes([[0], [1, 2, 3, 4]])).toEqual([4, 1]);
    const even = (islands: number[][]) => viewsOf(observe({ size: 4, islands })).views.map((v) => v.heldBy);
    expect(
      even([
        [0, 1],
        [2, 3],
      ]),
    ).toEqual(
      even([
        [2, 3],
        [0, 1],
      ]),
    );
  });

  test("neither a joining nor a silent member makes a view", () => {
    const views = viewsOf(
      observe({ size: 3, islands: [[0], [1], [2]], member: { 1: { joinedByOwnWord: false }, 2: "timeout" } }),
    );
    expect(views).toMatchObject({ joining: ["orders-1"], unknown: ["orders-2"] });
    expect(views.views).toHaveLength(1);
  });

  test("no member, no view", () => {
    expect(singleView(viewsOf(observe({})))).toBeUndefined();
  });

  test("a pod is in a view by its address", () => {
    const observation = observe({ size: 3, pods: [0, 1, 2], islands: [[0, 1]], member: { 2: "timeout" } });
    const views = viewsOf(observation);
    expect(observation.pods.map((pod) => inSomeView(pod, views))).toEqual([true, true, false]);
  });
});

describe("a smaller side of a split", () => {
  const sidesOf = (about: Case, size = 5) =>
    smallerSides(viewsOf(observe({ size: 5, ...about })), size).map((view) => view.heldBy.join(" "));
  const split = [
    [0, 1],
    [2, 3, 4],
  ];

  test("is less than half, and all of it is heard", () => {
    expect(sidesOf({ islands: split })).toEqual(["orders-0 orders-1"]);
    expect(sidesOf({ islands: [[0], [1, 2], [3, 4]] })).toHaveLength(3);
  });

  test.each<[string, Case, number?]>([
    ["one of its members is silent", { islands: split, member: { 1: "timeout" } }],
    ["another side is not heard at all", { islands: split, member: { 2: "x", 3: "x", 4: "x" } }],
    ["it is half", { islands: split }, 4],
    ["members have not all heard of a change yet", { member: { 0: { view: seen(0) } } }],
    ["one has only just left its view", { islands: split, member: { 2: { view: seen(0, 1, 2) } } }],
    ["there is one view", {}],
  ])("is not certain when %s", (_, about, size) => {
    expect(sidesOf(about, size)).toEqual([]);
  });
});

test.each([
  ["[10.244.0.5]:5701", "10.244.0.5"],
  ["[fd00::5]:5701", "fd00::5"],
  ["odd", "odd"],
])("host of %s is %s", (address, host) => {
  expect(hostOf(address)).toBe(host);
});
