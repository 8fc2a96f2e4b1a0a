import type { Observation } from "./observation.ts";
import { neededOf } from "./quorum.ts";

/**
 * How many members an eviction may take away now: one, where the cluster is whole and quiet, a backup covers the loss and
 * more than half of Q stays; else none. Drains wait for the operation under way instead of adding to it.
 * @param quiet nothing is under way or waited for, and every member is settled and safe.
 */
export function disruptionsOf(observation: Observation, quiet: boolean, quorumBase: number | undefined): 0 | 1 {
  const size = observation.statefulSet?.replicas ?? 0;
  if (!quiet || quorumBase === undefined || observation.cluster.spec.backupCount === 0) return 0;
  return size - 1 >= neededOf(quorumBase) ? 1 : 0;
}
