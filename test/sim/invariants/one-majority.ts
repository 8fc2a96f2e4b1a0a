import { neededOf } from "../../../src/core/evidence/quorum.ts";
import { isIn } from "../model/member.ts";
import type { Invariant } from "./invariant.ts";

/** What all the care about Q is for. */
export const oneMajority: Invariant = {
  id: "I18",
  says: "never two islands that both hold more than half of Q",
  holds(world) {
    const base = Math.max(world.ledger?.quorumBase ?? 0, world.scaledByHand);
    if (base === 0) return undefined;
    const sizes = world.engine.islands.map((island) => island.members.filter(isIn).length);
    const able = sizes.filter((size) => size >= neededOf(base));
    return able.length <= 1 ? undefined : `islands of ${able.join(" and ")} members, Q is ${base}`;
  },
};
