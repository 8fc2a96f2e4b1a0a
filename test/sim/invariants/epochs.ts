import { resources } from "../../../src/kube/objects.ts";
import { ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** Two writers from the same ledger cannot both win. */
export const epochs: Invariant = {
  id: "I14",
  says: "each ledger follows from the one before it: the epoch grows by exactly one",
  committed(_, commit) {
    if (!byOperator(commit) || commit.resource !== resources.statefulSets || !commit.before) return undefined;
    const [before, after] = [ledgerIn(commit.before), ledgerIn(commit.object)];
    if (!before || !after || after.epoch === before.epoch + 1) return undefined;
    if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
    return `epoch ${before.epoch} was followed by ${after.epoch}`;
  },
};
