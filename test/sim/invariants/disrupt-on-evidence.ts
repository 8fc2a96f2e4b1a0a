import type { Invariant } from "./invariant.ts";
import { isSettledMember, takenBy } from "./taken.ts";

/** A member that has joined is taken only from a whole and safe cluster; one that never joined may go at any time. */
export const disruptOnEvidence: Invariant = {
  id: "I2",
  says: "no joined member is taken away unless the cluster was whole and safe",
  committed(world, commit) {
    const { truth, timeline } = world;
    const members = takenBy(world, commit)
      .filter((pod) => isSettledMember(world, pod))
      .map((pod) => pod.metadata.name);
    if (members.length === 0 || truth.recently(truth.heardAt)) return undefined;
    return `${members.join(", ")} taken ${Math.round((timeline.now - truth.heardAt) / 1000)} s after the cluster was last heard whole and safe`;
  },
};
