import { resources } from "../../../src/kube/objects.ts";
import { byOperator, type Invariant } from "./invariant.ts";

export const claimsStay: Invariant = {
  id: "I10",
  says: "no claim with a member's data is deleted, or given an owner that takes it along, unless the policy says so",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.persistentVolumeClaims) return undefined;
    const policy = world.cluster?.spec.persistentVolumeClaimRetentionPolicy;
    const gone = commit.type === "DELETED" || commit.object.metadata.deletionTimestamp !== undefined;
    if (gone && policy?.whenScaled !== "Delete" && policy?.whenDeleted !== "Delete")
      return `${commit.object.metadata.name} deleted`;
    const owned = (commit.object.metadata.ownerReferences ?? []).length > 0;
    return owned && policy?.whenDeleted !== "Delete" ? `${commit.object.metadata.name} tied to an owner` : undefined;
  },
};
