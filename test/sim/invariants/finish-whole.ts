import { resources } from "../../../src/kube/objects.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

export const finishWhole: Invariant = {
  id: "I6c",
  says: "an operation that sets the size is ended only in one whole and safe view of exactly these",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.statefulSets || !commit.before) return undefined;
    const [before, after] = [ledgerIn(commit.before), ledgerIn(commit.object)];
    if (!before?.operation || !after || after.operation || replicasOf(commit.object) === 0) return undefined;
    if (!["Form", "Grow", "Shrink", "Start"].includes(before.operation.kind)) return undefined;
    // A pod that lost its StatefulSet and was not found again belongs to nobody until the size covers it.
    if (world.pods.some((pod) => !pod.metadata.ownerReferences?.length)) return undefined;
    if (world.truth.wasWhole(replicasOf(commit.object))) return undefined;
    return `${before.operation.kind} to ${replicasOf(commit.object)} members ended while they were not whole`;
  },
};
