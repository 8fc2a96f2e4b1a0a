import { resources } from "../../../src/kube/objects.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** Seed: "ensure there is no split-brain condition at the moment you are introducing new members". */
export const growWhole: Invariant = {
  id: "I7",
  says: "replicas of a formed cluster grow only while it is whole and safe",
  committed(world, commit) {
    const { truth } = world;
    if (!byOperator(commit) || commit.resource !== resources.statefulSets || !commit.before) return undefined;
    const [before, after] = [replicasOf(commit.before), replicasOf(commit.object)];
    const ledger = ledgerIn(commit.before);
    if (before === 0 || after <= before || ledger?.formedSize === undefined) return undefined;
    // Stopped, or on the way there or back: exactly its members, put back after somebody scaled it by hand.
    if (ledger.stopped || ledger.operation?.kind === "Start") return undefined;
    if (truth.wasHeardWhole(before)) return undefined;
    return `grown from ${before} to ${after} while not whole, safe and heard`;
  },
};
