import type { JetCluster } from "../../../src/api/jet-cluster.ts";
import { wantedSize } from "../../../src/core/evidence/sizes.ts";
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
    const size = cluster.status?.replicas ?? 0;
    if (!truth.wasWhole(size, lagMillis)) return `Ready=True of ${size} members that are not whole and safe`;
    const current = cluster.status?.observedGeneration === cluster.metadata.generation;
    if (!current || size === wantedSize(cluster.spec)) return undefined;
    return `Ready=True with ${size} members, ${wantedSize(cluster.spec)} are asked for`;
  },
};
