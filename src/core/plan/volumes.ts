import { isOfThisCluster } from "../evidence/memory.ts";
import type { Observation } from "../evidence/observation.ts";
import { troubleOf } from "../evidence/troubles.ts";
import { keepsStateOnMembers } from "../evidence/wishes.ts";
import { effect } from "./evidence.ts";
import type { Gate } from "./gates.ts";
import type { Step } from "./step.ts";

/**
 * Seed: "all the members must be present after the restart". The StatefulSet's controller makes a missing claim anew,
 * empty, so this is asked before any pod exists. One that is restored from a snapshot may be bound only when its pod is
 * there (`WaitForFirstConsumer`), so it is not waited for.
 */
export function volumesThere(size: number): Gate {
  return (observation) => {
    if (!keepsStateOnMembers(observation)) return undefined;
    const { name } = observation.cluster.metadata;
    const lacking = Array.from({ length: size }, (_, ordinal) => {
      const claim = observation.claims.find((c) => c.ordinal === ordinal);
      if (!claim) return `data-${name}-${ordinal} is not there`;
      if (claim.deleting) return `data-${name}-${ordinal} is being deleted`;
      if (claim.bound || claim.restored) return undefined;
      const why = troubleOf(observation, `PersistentVolumeClaim/${claim.name}`);
      return `${claim.name} is not bound${why ? ` (${why})` : ""}`;
    }).filter((lack) => lack !== undefined);
    if (lacking.length === 0) return undefined;
    return {
      check: "VolumesMissing",
      observed: lacking.join("; "),
      needed: `the volumes of all ${size} members`,
      remedy:
        "restore the missing claims from a backup of the volumes (spec.dataSource or spec.volumeName); nothing is started or wiped meanwhile",
    };
  };
}

/**
 * `whenScaled: Delete`: claims of members that a finished shrink has taken away. Never after a stop, whatever the
 * replicas are: there the size to come back to is remembered.
 */
export function deleteSurplusClaim(observation: Observation, size: number): Step | undefined {
  const { persistentVolumeClaimRetentionPolicy: policy } = observation.cluster.spec;
  if (policy.whenScaled !== "Delete") return undefined;
  const surplus = observation.claims.filter((c) => c.ordinal >= size && !c.deleting && isOfThisCluster(c, observation));
  const last = surplus[surplus.length - 1];
  if (!last) return undefined;
  return effect(
    observation,
    { kind: "DeleteClaim", name: last.name, uid: last.uid },
    `deleting ${last.name}: its member left, and whenScaled is Delete`,
  );
}
