import { resources } from "../../../src/kube/objects.ts";
import { ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** The rule that keeps two sides of a split from both passing for more than half. */
export const quorumBase: Invariant = {
  id: "I6",
  says: "Q is never below the number of live members, and falls only in a whole and safe view of exactly those it counts",
  holds(world) {
    const { ledger } = world;
    const live = world.truth.live().length;
    if (!ledger || live <= Math.max(ledger.quorumBase, world.scaledByHand)) return undefined;
    return `${live} members are alive, Q is ${ledger.quorumBase}`;
  },
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.statefulSets || !commit.before) return undefined;
    const [before, after] = [ledgerIn(commit.before), ledgerIn(commit.object)];
    if (after && after.quorumBase >= world.scaledByHand) world.scaledByHand = 0;
    if (!before || !after || after.quorumBase >= before.quorumBase) return undefined;
    const { truth } = world;
    if (truth.wasWhole(after.quorumBase) && truth.live().length <= after.quorumBase) return undefined;
    return `Q fell from ${before.quorumBase} to ${after.quorumBase} with ${truth.live().length} members alive`;
  },
};
