import { resources } from "../../../src/kube/objects.ts";
import { ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** A new StatefulSet, or a ledger written again, remembers at least what still lives. */
export const quorumNotForgotten: Invariant = {
  id: "I6b",
  says: "a ledger that is made anew counts every member that lives",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.statefulSets) return undefined;
    const after = ledgerIn(commit.object);
    if (!after || (commit.before && ledgerIn(commit.before))) return undefined;
    const live = world.truth.live().length;
    return after.quorumBase >= live ? undefined : `a new ledger says Q ${after.quorumBase}, ${live} members are alive`;
  },
};
