import { resources } from "../../../src/kube/objects.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { clusterName, ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

/** Longest that a cache lags behind: a claim that went this very moment is not seen to be gone. */
const lagMillis = 16_000;

/** Seed: "all the members must be present after the restart". */
export const startComplete: Invariant = {
  id: "I9",
  says: "a cluster that was stopped losslessly starts with exactly its members and their volumes",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.statefulSets) return undefined;
    const [before, after] = [replicasOf(commit.before), replicasOf(commit.object)];
    const operation = ledgerIn(commit.object)?.operation;
    const { atStop } = world.truth;
    if (before > 0 || after === 0 || !operation?.lossless || operation.kind !== "Start" || !atStop) return undefined;
    // From an archive it may start with any number of members; see A5.
    if (operation.archive !== undefined) return undefined;
    if (after !== atStop.size) return `${after} members started, ${atStop.size} were stopped`;
    const changed = atStop.claims.flatMap((uid, ordinal) => {
      const claim = world.api.get(resources.persistentVolumeClaims, `data-${clusterName}-${ordinal}`);
      const there = claim?.metadata.uid === uid && claim?.metadata.deletionTimestamp === undefined;
      const late = world.truth.recently((world.truth.claimGoneAt ?? Number.NEGATIVE_INFINITY) + lagMillis);
      return there || late ? [] : [`data-${clusterName}-${ordinal}`];
    });
    return changed.length === 0 ? undefined : `started without ${changed.join(", ")}`;
  },
};
