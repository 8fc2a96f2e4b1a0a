import type { JetCluster } from "../../../src/api/jet-cluster.ts";
import { resources } from "../../../src/kube/objects.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** A refusal is nobody's loss: it is tried again, and a person can read what is refused and why. */
export const refusalsSaid: Invariant = {
  id: "I22",
  says: "what the API server refuses an operator is in the next status that this operator writes",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.jetClusters) return undefined;
    const before = JSON.stringify(commit.before?.status);
    const refused = world.refusedOf.get(commit.author);
    if (!refused || JSON.stringify(commit.object.status) === before) return undefined;
    world.refusedOf.delete(commit.author);
    const { status } = commit.object as unknown as JetCluster;
    const said = status?.blockedBy?.some(
      ({ check, observed }) => check === "ChildRefused" && observed.includes("quota"),
    );
    return said ? undefined : `the refusal of ${refused} is not in status`;
  },
};
