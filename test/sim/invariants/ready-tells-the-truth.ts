import type { JetCluster } from "../../../src/api/jet-cluster.ts";
import { resources } from "../../../src/kube/objects.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** Longest that a cache lags behind: status cannot know better. */
const lagMillis = 16_000;

export const readyTellsTheTruth: Invariant = {
  id: "I17",
  says: "Ready=True is written only of a cluster that was whole and safe, and of the size that its spec asks for",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.jetClusters) return undefined;
    const cluster = commit.object as unknown as JetCluster;
    const ready = cluster.status?.conditions?.find((c) => c.type === "Ready");
    if (ready?.status !== "True") return undefined;
    const { truth } = world;
    if (!truth.recently(truth.settledAt + lagMillis)) return "Ready=True of a cluster that is not whole and safe";
    const current = cluster.status?.observedGeneration === cluster.metadata.generation;
    if (!current || truth.recently(truth.asWantedAt + lagMillis)) return undefined;
    return `Ready=True with ${truth.settledSize} members of generation ${cluster.metadata.generation}`;
  },
};
