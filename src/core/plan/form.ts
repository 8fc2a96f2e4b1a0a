import { isOfThisCluster, type Memory, memoryOf } from "../evidence/memory.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { keepsStateOnMembers, wantsOtherPods } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { retemplate } from "../ledger-stop-transitions.ts";
import { finish, openLedger, reform, reopenLedger, reopenStopped, restoreStopped } from "../ledger-transitions.ts";
import { archiveVolumeThere } from "./archive-volume.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import { outdatedPods } from "./outdated.ts";
import { blocked, hold, type Step, type Unmet } from "./step.ts";
import { volumesThere } from "./volumes.ts";

/** Brings the first StatefulSet into being, or the one that somebody deleted, at the size that it had. */
export function form(observation: Observation): Step {
  const foreign = foreignVolumes(observation);
  if (foreign) return blocked(foreign);
  const start = { uid: observation.cluster.metadata.uid, at: timeOf(observation) };
  const remembered = memoryOf(observation);
  if (remembered && keepsStateOnMembers(observation)) return comeBack(observation, remembered, start);
  if (remembered?.archive) return comeBackStopped(observation, remembered, start);
  const ledger = remembered
    ? reopenLedger(remembered, start)
    : openLedger({ ...start, version: observation.engine.version, size: wantedSize(observation.cluster.spec) });
  const replicas = ledger.operation?.to ?? 1;
  const says = remembered
    ? `the StatefulSet is gone: making it again with the ${replicas} members it had`
    : `forming a cluster of ${replicas} members`;
  return effect(observation, { kind: "CreateStatefulSet", replicas, ledger }, says);
}

/** The members' own volumes have their state: exactly these come back, all with their volumes, and go on together. */
function comeBack(observation: Observation, remembered: Memory, start: { uid: string; at: string }): Step {
  const missing = firstUnmet(observation, [volumesThere(remembered.size)]);
  if (missing) return hold(missing);
  const ledger = restoreStopped(remembered, { ...start, alive: observation.pods.length > 0 });
  return effect(
    observation,
    { kind: "CreateStatefulSet", replicas: remembered.size, ledger },
    `starting the ${remembered.size} members whose volumes are there`,
  );
}

/** It was stopped with an archive: it is a stopped cluster again, and started like one. */
function comeBackStopped(observation: Observation, remembered: Memory, start: { uid: string; at: string }): Step {
  const missing = firstUnmet(observation, [archiveVolumeThere]);
  if (missing) return hold(missing);
  const ledger = reopenStopped(remembered, true, start);
  const says = "the cluster was stopped with an archive: its StatefulSet is made again, to be started from it";
  return effect(observation, { kind: "CreateStatefulSet", replicas: 0, ledger }, says);
}

/**
 * Waits for the first view of full size; until then clients are kept out, so the size may still change both ways. Once
 * that view is there it is recorded first, whatever the spec says by now: from then on members leave one by one.
 */
export function continueForm(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const unmet = firstUnmet(observation, [...settled, safe]);
  const neverFormed = ledger.formedSize === undefined;
  const other = neverFormed ? formOfOtherPods(observation, ledger, unmet) : undefined;
  if (other) return other;
  if (!unmet) {
    return effect(
      observation,
      { kind: "WriteLedger", ledger: finish(ledger, operation.to, timeOf(observation)) },
      `formed: one view of ${operation.to} members`,
    );
  }
  const wanted = wantedSize(observation.cluster.spec);
  const replicas = observation.statefulSet?.replicas ?? 0;
  if (neverFormed && wanted > 0 && wanted !== operation.to) {
    const next = reform(ledger, wanted, timeOf(observation));
    return effect(
      observation,
      { kind: "Scale", from: replicas, to: wanted, ledger: next },
      `forming ${wanted} members instead of ${operation.to}`,
    );
  }
  return hold(unmet);
}

/**
 * The first template may be one that no member can start from (a wrong image, more memory than any node has). Nothing has
 * formed, so another one needs no order and no whole view; but every pod must have it before the forming can end.
 */
function formOfOtherPods(observation: Observation, ledger: Ledger, unmet: Unmet | undefined): Step | undefined {
  const outdated = outdatedPods(observation)[0];
  if (wantsOtherPods(observation) && (unmet || outdated)) {
    const next = retemplate(ledger, observation.engine.version);
    return effect(observation, { kind: "WriteTemplate", ledger: next }, "nothing has formed yet: another pod template");
  }
  if (!outdated) return undefined;
  const { name, uid } = outdated;
  return effect(observation, { kind: "DeletePod", name, uid }, `replacing ${name}: nothing has formed yet`);
}

/** A claim with another cluster's stamp holds somebody's data: never mounted by guess. */
function foreignVolumes(observation: Observation): Unmet | undefined {
  const foreign = observation.claims.filter((c) => !isOfThisCluster(c, observation) && c.stamp !== undefined);
  if (foreign.length === 0) return undefined;
  return {
    check: "ForeignVolumes",
    observed: `${foreign.map((c) => c.name).join(", ")} hold data of another JetCluster`,
    needed: "claims of this cluster, or none",
    remedy: "choose another name for this JetCluster, or delete these claims if their data are not needed any more",
  };
}
