import { annotation } from "../../api/names.ts";
import { memoryOf } from "../evidence/memory.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { type Ledger, openLedger, reopenLedger } from "../ledger.ts";
import { effect, timeOf } from "./evidence.ts";
import { continueForm, form } from "./form.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import { continueGrow, grow } from "./grow.ts";
import { restoreReplicas } from "./restore-replicas.ts";
import { blocked, done, type Step, type Unmet, wait } from "./step.ts";

/**
 * What to do next: one effect, or what is waited for, or what only a person can change. Pure and total: the same
 * observation always gives the same step. Here stands the order of concerns; each operation has a file of its own.
 */
export function plan(observation: Observation): Step {
  const { cluster, statefulSet } = observation;
  if (cluster.metadata.deletionTimestamp) return done;
  const stop = firstUnmet(observation, [notPaused, namesFree, ledgerReadable, statefulSetStays]);
  if (stop) return stop.check === "StatefulSetDeleting" ? wait(stop) : blocked(stop);
  if (!statefulSet) return wantsNobody(observation) ? done : form(observation);
  if (statefulSet.ledger.kind !== "ledger") return recoverLedger(observation);
  return decide(observation, statefulSet.ledger.ledger);
}

function decide(observation: Observation, ledger: Ledger): Step {
  const replicas = observation.statefulSet?.replicas ?? 0;
  const expected = expectedReplicas(ledger) ?? replicas;
  if (replicas !== expected) return restoreReplicas(observation, ledger, expected);
  if (ledger.operation?.kind === "Form") return continueForm(observation, ledger, ledger.operation);
  if (ledger.operation?.kind === "Grow") return continueGrow(observation, ledger, ledger.operation);
  return atRest(observation, ledger, replicas);
}

function atRest(observation: Observation, ledger: Ledger, replicas: number): Step {
  const wanted = wantedSize(observation.cluster.spec);
  if (wanted > replicas && !wantsNobody(observation)) return grow(observation, ledger, wanted);
  const refused = firstUnmet(observation, [stopOffered, shrinkOffered, rollOffered]);
  if (refused) return blocked(refused);
  const unmet = firstUnmet(observation, [...settled, safe]);
  return unmet ? wait(unmet) : done;
}

/** Replicas as the ledger has them: any other number was written by somebody else. */
export function expectedReplicas(ledger: Ledger): number | undefined {
  return ledger.operation?.to ?? ledger.formedSize;
}

/**
 * The annotation was taken away or damaged by hand: nothing is lost that the StatefulSet, pods, status and claims do not
 * still say. Replicas 0 and no memory at all: nothing ever ran, so it is formed from the beginning.
 */
function recoverLedger(observation: Observation): Step {
  const start = { uid: observation.cluster.metadata.uid, at: timeOf(observation) };
  const remembered = memoryOf(observation);
  if (!remembered && wantsNobody(observation)) return done;
  const ledger = remembered
    ? reopenLedger(remembered, start)
    : openLedger({ ...start, version: observation.engine.version, size: wantedSize(observation.cluster.spec) });
  return effect(observation, { kind: "WriteLedger", ledger }, "the ledger was gone: written again from what is there");
}

function wantsNobody(observation: Observation): boolean {
  return observation.cluster.spec.suspend || wantedSize(observation.cluster.spec) === 0;
}

function notPaused({ cluster }: Observation): Unmet | undefined {
  if (cluster.metadata.annotations?.[annotation.paused] !== "true") return undefined;
  return {
    check: "Paused",
    observed: `annotation ${annotation.paused} is true`,
    needed: "no such annotation",
    remedy: `kubectl annotate jetcluster ${cluster.metadata.name} ${annotation.paused}-`,
  };
}

function namesFree({ namesTaken }: Observation): Unmet | undefined {
  if (namesTaken.length === 0) return undefined;
  return {
    check: "NameTaken",
    observed: `${namesTaken.join(", ")} belongs to somebody else`,
    needed: "these names free, or owned by this JetCluster",
    remedy: "rename this JetCluster, or remove the other object",
  };
}

function ledgerReadable({ statefulSet }: Observation): Unmet | undefined {
  if (statefulSet?.ledger.kind !== "tooNew") return undefined;
  return {
    check: "LedgerTooNew",
    observed: `ledger version ${statefulSet.ledger.version}`,
    needed: "a version that this operator knows",
    remedy: "run the newer operator again: it wrote what this one cannot read",
  };
}

function statefulSetStays({ statefulSet }: Observation): Unmet | undefined {
  if (!statefulSet?.deleting) return undefined;
  return {
    check: "StatefulSetDeleting",
    observed: "the StatefulSet is being deleted",
    needed: "it is gone, so that it can be made again",
    remedy: "wait: it is made again at its size as soon as it has gone",
  };
}

function stopOffered(observation: Observation): Unmet | undefined {
  if (!wantsNobody(observation)) return undefined;
  return {
    check: "StopUnavailable",
    observed: "a stop of the whole cluster is asked for (suspend or replicas: 0)",
    needed: "an operator that can stop a cluster without losing job state",
    remedy: "set suspend: false and replicas to the present size; deleting the JetCluster stops it and loses job state",
  };
}

function shrinkOffered(observation: Observation): Unmet | undefined {
  const wanted = wantedSize(observation.cluster.spec);
  const replicas = observation.statefulSet?.replicas ?? 0;
  if (wanted >= replicas) return undefined;
  return {
    check: "ShrinkUnavailable",
    observed: `${replicas} members run, ${wanted} are asked for`,
    needed: "an operator that can take members away without losing job state",
    remedy: `set replicas back to ${replicas}`,
  };
}

/** The user's own change of what pods are made from; a newer operator's different template is only pending. */
function rollOffered({ statefulSet, specHash }: Observation): Unmet | undefined {
  if (!statefulSet?.specHash || statefulSet.specHash === specHash) return undefined;
  return {
    check: "RollUnavailable",
    observed: "the spec asks for other pods than those that run",
    needed: "an operator that can replace members one by one",
    remedy: "set the changed fields (or the restart-at annotation) back; growth, services and labels go on as ever",
  };
}
