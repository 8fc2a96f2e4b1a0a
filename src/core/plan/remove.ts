import { finalizer } from "../../api/names.ts";
import type { Observation } from "../evidence/observation.ts";
import { isLossless } from "../evidence/wishes.ts";
import type { Ledger } from "../ledger.ts";
import { effect } from "./evidence.ts";
import { done, type Step, type Unmet, wait } from "./step.ts";

/** A cluster whose state a deletion can keep carries the finalizer; any other goes at once. */
export function keepFinalizer(observation: Observation): Step | undefined {
  const { cluster } = observation;
  const wanted = isLossless(observation) && cluster.spec.deletion.graceful;
  const there = cluster.metadata.finalizers?.includes(finalizer) ?? false;
  if (wanted === there || cluster.metadata.deletionTimestamp !== undefined) return undefined;
  return wanted
    ? effect(observation, { kind: "AddFinalizer" }, "a deletion will stop the cluster gracefully first")
    : effect(observation, { kind: "RemoveFinalizer" }, "a deletion need not wait for a graceful stop");
}

/**
 * The JetCluster is being deleted: it stops gracefully first, but whatever the engine does it is gone within
 * `deletion.timeoutSeconds`, and at once where its namespace goes too.
 * @param stopFirst plans the graceful stop.
 */
export function remove(observation: Observation, ledger: Ledger | undefined, stopFirst: () => Step): Step {
  const { statefulSet, pods } = observation;
  const { metadata, spec } = observation.cluster;
  const nobody = !statefulSet || (statefulSet.replicas === 0 && pods.length === 0);
  if (!metadata.finalizers?.includes(finalizer)) return done;
  const since = Date.parse(metadata.deletionTimestamp ?? "");
  const late = observation.now - since > spec.deletion.timeoutSeconds * 1_000;
  if (!late && ledger?.archive && ledger.operation?.step === "Halting") return stopFirst();
  const stamped = late || !ledger?.stopped ? undefined : archiveStamped(observation, ledger);
  if (stamped) return wait(stamped);
  if (nobody || ledger?.stopped) return letGo(observation, "the cluster has stopped: the JetCluster may go");
  if (!spec.deletion.graceful) return letGo(observation, "no graceful stop is wanted: the JetCluster may go");
  if (observation.namespaceTerminating) return letGo(observation, "the namespace goes: no graceful stop is possible");
  if (late)
    return letGo(observation, `no graceful stop within ${spec.deletion.timeoutSeconds} s: the JetCluster may go`);
  return stopFirst();
}

/** The claim outlives the JetCluster, and nothing else tells a new one of this name what was saved. */
function archiveStamped({ archive }: Observation, { archive: saved, stopped }: Ledger): Unmet | undefined {
  const { claim } = archive ?? {};
  if (!saved || !stopped?.lossless || !claim || claim.deleting) return undefined;
  if (claim.stamp?.stopped && claim.stamp.archive?.digest === saved.digest) return undefined;
  return {
    check: "StampMissing",
    observed: `${claim.name} does not say yet which archive is on it`,
    needed: "the stamp on the claim, by which the cluster is known again",
    remedy: "wait: it is being written",
  };
}

function letGo(observation: Observation, says: string): Step {
  return effect(observation, { kind: "RemoveFinalizer" }, says);
}
