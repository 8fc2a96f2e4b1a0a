import { resources } from "../../../src/kube/objects.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import type { Invariant } from "./invariant.ts";
import { isSettledMember, takenBy } from "./taken.ts";

/** A member that has joined is taken only from a whole and safe cluster; one that never joined may go at any time. */
export const disruptOnEvidence: Invariant = {
  id: "I2",
  says: "no joined member is taken away unless the cluster was whole and safe",
  committed(world, commit) {
    const { truth } = world;
    const members = takenBy(world, commit)
      .filter((pod) => isSettledMember(world, pod))
      .map((pod) => pod.metadata.name);
    const size = replicasOf(commit.resource === resources.statefulSets ? commit.before : world.statefulSet);
    if (members.length === 0 || truth.wasHeardWhole(size)) return undefined;
    return `${members.join(", ")} taken from ${size} members that were not whole, safe and heard`;
  },
};
