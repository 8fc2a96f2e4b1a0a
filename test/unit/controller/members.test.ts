import { expect, test } from "vitest";
import { createMemberSource } from "../../../src/controller/members.ts";
import { known } from "../../../src/engine/answer.ts";
import type { EngineRest } from "../../../src/engine/rest.ts";
import { addressOf, observe } from "../core/observation-fixture.ts";

const { signal } = new AbortController();
const { pods } = observe({ size: 1 });
const asking = { port: 5701, readyEndpoint: false };
const health = {
  nodeState: "ACTIVE",
  clusterState: "ACTIVE",
  clusterSafe: true,
  migrationQueueSize: 0,
  clusterSize: 1,
} as const;

/** One member at a time at this address; each answers the same health. */
function world() {
  let uuid = "before";
  let now = 0;
  const address = `[${addressOf(0)}]:5701`;
  const rest = {
    health: async () => known(health),
    view: async () => known({ members: [{ uuid, address, local: true }] }),
  } as unknown as EngineRest;
  const source = createMemberSource(rest, () => now);
  return {
    replace: () => {
      uuid = "after";
    },
    async look(thorough: boolean) {
      now += 10_000;
      const [member] = await source.observe("shop/orders", pods, { ...asking, thorough }, signal);
      return member?.known ? member.uuid : member?.reason;
    },
  };
}

test("a member replaced between two looks is noticed at once where it counts how long a view has stood", async () => {
  const { look, replace } = world();
  expect(await look(true)).toBe("before");
  replace();
  expect(await look(true)).toBe("after");
});

test("at rest it is noticed within a minute: a small question each time is enough there", async () => {
  const { look, replace } = world();
  expect(await look(false)).toBe("before");
  replace();
  const seen = [];
  for (let i = 0; i < 6; i += 1) seen.push(await look(false));
  expect(seen).toEqual(["before", "before", "before", "before", "before", "after"]);
});
