import { resources } from "../../../src/kube/objects.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import type { Invariant } from "./invariant.ts";
import { isSettledMember, takenBy } from "./taken.ts";

export const oneAtATime: Invariant = {
  id: "I1",
  says: "never two members away by our hand, nor one more before the cluster is whole again after the last",
  committed(world, commit) {
    const { truth } = world;
    const taken = takenBy(world, commit).filter((pod) => isSettledMember(world, pod));
    if (taken.length === 0) return undefined;
    const size = replicasOf(commit.resource === resources.statefulSets ? commit.before : world.statefulSet);
    const uids = new Set([...taken.map((pod) => pod.metadata.uid ?? ""), ...truth.notMadeUpFor(size)]);
    if (uids.size <= 1) return undefined;
    return `${taken.map((pod) => pod.metadata.name).join(" and ")} taken, ${uids.size - taken.length} taken before it and not made up for`;
  },
};
