import { resources } from "../../../src/kube/objects.ts";
import type { Commit, StoredObject } from "../model/api-server.ts";
import { ordinalOf, replicasOf } from "../model/stateful-set-controller.ts";
import { ledgerIn, type World } from "../world.ts";
import { byOperator } from "./invariant.ts";

/**
 * Pods that this very write of an operator takes away from a cluster that has formed, member by member. A stop of the
 * whole cluster has rules of its own; before the first whole view clients are kept out and nothing is there to lose.
 */
export function takenBy(world: World, commit: Commit): StoredObject[] {
  if (!byOperator(commit) || !commit.before) return [];
  if (commit.resource === resources.pods) {
    if (world.ledger?.formedSize === undefined) return [];
    const begins = commit.object.metadata.deletionTimestamp !== undefined;
    return begins && commit.before.metadata.deletionTimestamp === undefined ? [commit.object] : [];
  }
  if (commit.resource !== resources.statefulSets || ledgerIn(commit.before)?.formedSize === undefined) return [];
  const [before, after] = [replicasOf(commit.before), replicasOf(commit.object)];
  if (after === 0) return [];
  return world.pods.filter((pod) => ordinalOf(pod) >= after && ordinalOf(pod) < before);
}

/** Its member is in the cluster, and has been for longer than an operator may be behind. */
export function isSettledMember({ truth }: World, pod: StoredObject): boolean {
  const member = truth.memberIn(pod.metadata.uid);
  const since = member && truth.joinedAt.get(member.uuid);
  return since !== undefined && !truth.recently(since);
}
