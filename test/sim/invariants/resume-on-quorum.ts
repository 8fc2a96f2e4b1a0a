import { neededOf } from "../../../src/core/evidence/quorum.ts";
import type { Job } from "../model/jobs.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import type { World } from "../world.ts";
import type { Invariant } from "./invariant.ts";
import { evidenceWindow } from "./truth.ts";

/** Seed: "more than half of what it was before suspension". A size that the user asked for is what counts after a shrink. */
/** Without an operation that had suspended it: by a loss, or on the smaller side of a split. */
function resumedAfterLoss(world: World, job: Job): string | undefined {
  const { jobs, splitBrain } = world.cluster?.spec ?? {};
  if (job.suspendedBy === "person") return `${job.id} was suspended by its user`;
  if (jobs?.resume === "Manual") return `${job.id} resumed although its user wants to do that`;
  const stood = world.timeline.now - world.truth.membersChangedAt;
  if (stood >= (splitBrain?.settleSeconds ?? 0) * 1_000) return undefined;
  return `${job.id} resumed ${stood / 1_000} s after the members last changed`;
}

/** What is restored goes on by a list that was made when the stop began. */
function listedSince({ ledger, truth, archiveTruth }: World): number {
  const restored = ledger?.operation?.kind === "Start" ? archiveTruth.stopped?.operationSince : undefined;
  return restored ?? truth.operationSince;
}

export const resumeOnQuorum: Invariant = {
  id: "I5",
  says: "a job goes on only in one whole view of more than half of what the cluster was, and never against its user",
  resumed(world, job, island) {
    const operation = world.ledger?.operation;
    const waited = operation ? undefined : resumedAfterLoss(world, job);
    if (waited) return waited;
    // Its list of jobs is made when an operation begins; the engine does not say who suspended one after that.
    const early = (job.suspensionAskedAt ?? Number.POSITIVE_INFINITY) < listedSince(world) - evidenceWindow;
    if (job.suspendedBy === "person" && early) return `${job.id} was suspended by its user`;
    if (!world.truth.wasWhole(replicasOf(world.statefulSet)))
      return `${job.id} resumed while the cluster was not whole`;
    const base = Math.max(world.ledger?.quorumBase ?? 0, job.sizeAtSuspension ?? 0);
    // After a restore nobody else is left who could count.
    const sizeIsAll = operation?.kind === "Shrink" || operation?.archive !== undefined;
    const needed = neededOf(sizeIsAll ? operation.replicas : base);
    if (island.members.length >= needed) return undefined;
    return `${job.id} resumed with ${island.members.length} members, ${needed} needed`;
  },
};
