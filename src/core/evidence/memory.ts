import type { Archive, Stamp } from "../ledger.ts";
import type { Observation } from "./observation.ts";
import { isLossless } from "./wishes.ts";

/** What is still known of a cluster whose ledger is gone. */
export interface Memory {
  /** Members it had. */
  readonly size: number;
  readonly quorumBase: number;
  /** Largest epoch that a stamp names; 0 where none does. */
  readonly epoch: number;
  readonly version: string;
  /** Of the engine's cluster as last seen whole, where it was at work. */
  readonly clusterId?: string | undefined;
  /** It was stopped with this archive, and nobody has started it since. */
  readonly archive: Archive | undefined;
}

/**
 * The ledger is gone with its StatefulSet, or was taken away. What lives counts most: a StatefulSet's replicas, pods
 * that were orphaned; then status, then the newest stamp of a claim. Q is the largest that any of them names, so that
 * forgetting never lowers it (invariant I6).
 * @returns undefined for a cluster that never was.
 */
export function memoryOf(observation: Observation): Memory | undefined {
  const { status } = observation.cluster;
  const claims = [...observation.claims, ...(observation.archive?.claim ? [observation.archive.claim] : [])];
  const stamps = claims.flatMap((claim) => (claim.stamp && isOfThisCluster(claim, observation) ? [claim.stamp] : []));
  const newest = stamps.sort((a, b) => b.epoch - a.epoch)[0];
  const base = status?.quorum?.base;
  const size = rememberedSize(observation) || newest?.formedSize || base;
  if (!size) return undefined;
  return {
    size,
    quorumBase: Math.max(size, base ?? 0, newest?.quorumBase ?? 0),
    epoch: newest?.epoch ?? 0,
    version: newest?.version ?? status?.version ?? observation.engine.version,
    clusterId: status?.clusterId,
    archive: newest?.stopped ? newest.archive : undefined,
  };
}

/**
 * A claim stamped by this JetCluster, or by a predecessor of the same name and cluster name: that is a stopped cluster,
 * to be started again. Anybody else's data are never mounted by guess.
 */
export function isOfThisCluster({ stamp }: { readonly stamp: Stamp | undefined }, observation: Observation): boolean {
  const { metadata, spec } = observation.cluster;
  if (!stamp) return false;
  if (stamp.uid === metadata.uid) return true;
  return isLossless(observation) && stamp.clusterName === (spec.clusterName ?? metadata.name);
}

/**
 * Where the StatefulSet is gone, pods that we do not see may be there all the same: a cache lags, one is just made again.
 * Status tells its size until a pass has seen that it is gone, and Q after that.
 */
function rememberedSize({ statefulSet, pods, cluster }: Observation): number {
  const living = pods.filter((pod) => !pod.terminating).map((pod) => pod.ordinal + 1);
  const size = Math.max(statefulSet?.replicas ?? 0, ...living);
  return statefulSet && size > 0 ? size : Math.max(size, cluster.status?.replicas || cluster.status?.quorum?.base || 0);
}
