import { memoryOf } from "../evidence/memory.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { finish, type Ledger, type LedgerOperation, openLedger, reform, reopenLedger } from "../ledger.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import { blocked, type Step, type Unmet, wait } from "./step.ts";

/** Brings the first StatefulSet into being, or the one that somebody deleted, at the size that it had. */
export function form(observation: Observation): Step {
  const foreign = foreignVolumes(observation);
  if (foreign) return blocked(foreign);
  const start = { uid: observation.cluster.metadata.uid, at: timeOf(observation) };
  const remembered = memoryOf(observation);
  const ledger = remembered
    ? reopenLedger(remembered, start)
    : openLedger({ ...start, version: observation.engine.version, size: wantedSize(observation.cluster.spec) });
  const replicas = ledger.operation?.to ?? 1;
  const says = remembered
    ? `the StatefulSet is gone: making it again with the ${replicas} members it had`
    : `forming a cluster of ${replicas} members`;
  return effect(observation, { kind: "CreateStatefulSet", replicas, ledger }, says);
}

/**
 * Waits for the first view of full size; until then clients are kept out, so the size may still change both ways. Once
 * that view is there it is recorded first, whatever the spec says by now: from then on members leave one by one.
 */
export function continueForm(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (!unmet) {
    return effect(
      observation,
      { kind: "WriteLedger", ledger: finish(ledger, operation.to, timeOf(observation)) },
      `formed: one view of ${operation.to} members`,
    );
  }
  const wanted = wantedSize(observation.cluster.spec);
  const replicas = observation.statefulSet?.replicas ?? 0;
  const neverFormed = ledger.formedSize === undefined;
  if (neverFormed && wanted > 0 && wanted !== operation.to) {
    const next = reform(ledger, wanted, timeOf(observation));
    return effect(
      observation,
      { kind: "Scale", from: replicas, to: wanted, ledger: next },
      `forming ${wanted} members instead of ${operation.to}`,
    );
  }
  return wait(unmet);
}

/** A claim with another cluster's stamp holds somebody's data: never mounted by guess. */
function foreignVolumes(observation: Observation): Unmet | undefined {
  const foreign = observation.claims.filter((c) => c.stamp && c.stamp.uid !== observation.cluster.metadata.uid);
  if (foreign.length === 0) return undefined;
  return {
    check: "ForeignVolumes",
    observed: `${foreign.map((c) => c.name).join(", ")} hold data of another JetCluster`,
    needed: "claims of this cluster, or none",
    remedy: "choose another name for this JetCluster, or delete these claims if their data are not needed any more",
  };
}
