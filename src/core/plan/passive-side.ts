import type { Observation } from "../evidence/observation.ts";
import { neededOf } from "../evidence/quorum.ts";
import { sidesOf, type View, viewsOf } from "../evidence/views.ts";
import { ledgerOf } from "./evidence.ts";
import type { Unmet } from "./step.ts";

/**
 * A split met the cluster while its state was changed: one side is ACTIVE, one still PASSIVE. Only ACTIVE sides merge, so
 * that no waiting ends it, and no pod is deleted by the operator while views differ.
 * @returns undefined unless all members of both sides say so themselves.
 */
export function passiveSide(observation: Observation): Unmet | undefined {
  const sides = sidesOf(viewsOf(observation));
  const active = sides.find((side) => allSay(side, "ACTIVE", observation));
  const passive = sides.find((side) => allSay(side, "PASSIVE", observation));
  if (!active || !passive) return undefined;
  return {
    check: "PassiveSide",
    observed: `{${passive.heldBy.join(", ")}} is PASSIVE and {${active.heldBy.join(", ")}} is ACTIVE, each a cluster of its own`,
    needed: "one undivided view; the engine merges only ACTIVE sides, so a PASSIVE one stays apart and runs no job",
    remedy: remedyFor(observation, active, passive),
  };
}

function allSay({ heldBy }: View, state: "ACTIVE" | "PASSIVE", { members }: Observation): boolean {
  const own = members.filter((member) => heldBy.includes(member.pod));
  return own.every((member) => member.known && member.clusterState === state);
}

/** Whichever side goes on is the one that keeps what it has: that must be more than half of what the cluster was. */
function remedyFor(observation: Observation, active: View, passive: View): string {
  const { namespace } = observation.cluster.metadata;
  const base = ledgerOf(observation)?.quorumBase ?? observation.statefulSet?.replicas ?? 1;
  if (active.members.length >= neededOf(base)) {
    return `repair the network between the pods; then, one after the other: kubectl delete pod -n ${namespace} ${passive.heldBy[0]}. It comes back into the ACTIVE side, which has the jobs' state`;
  }
  return `repair the network between the pods; then, in ${passive.heldBy[0]}: hz-cluster-admin -o change-state -s active. The engine then merges the smaller side into this one`;
}
