import { wantedSize } from "../evidence/sizes.ts";
import type { OperationKind } from "../ledger.ts";
import { firstUnmet, safe, settled } from "../plan/gates.ts";
import { type Assessment, explain, type Verdict } from "./assessment.ts";

const type = "Ready";

/**
 * True only while the cluster is whole: every pod ready, one view of all, safe, nothing under way, nothing refused.
 * A member that does not answer makes it Unknown, not False (invariant I17).
 */
export function ready(a: Assessment): Verdict {
  const { observation, ledger } = a;
  if (observation.cluster.metadata.deletionTimestamp) {
    return { type, status: "False", reason: "Deleting", message: "The JetCluster is being deleted." };
  }
  if (!observation.statefulSet || observation.statefulSet.replicas === 0) return nobody(a);
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) {
    const status = unmet.check === "MembersUnknown" ? "Unknown" : "False";
    return { type, status, reason: ledger?.operation ? underWay(a) : unmet.check, message: explain(unmet) };
  }
  if (ledger?.operation) {
    return { type, status: "False", reason: underWay(a), message: "The last step is being recorded." };
  }
  if (ledger?.formedSize === undefined) {
    return { type, status: "False", reason: "Forming", message: "The first whole view is being recorded." };
  }
  if (a.step.kind === "effect" && !onlyRemembers(a)) {
    return { type, status: "False", reason: "Reconciling", message: `About to act: ${a.step.says}.` };
  }
  const refused = a.step.kind === "blocked" ? a.step.by[0] : undefined;
  // Settled and safe, and yet something is waited for: what the spec asks for is not done.
  if (a.step.kind === "wait") return { type, status: "False", reason: a.step.for.check, message: explain(a.step.for) };
  if (refused && (refused.check !== "Paused" || !sizeAsWanted(a))) {
    return { type, status: "False", reason: refused.check, message: explain(refused) };
  }
  const size = observation.statefulSet.replicas;
  return { type, status: "True", reason: "Ready", message: `One view of ${size} members, all safe.` };
}

/**
 * A write of what is to be kept in mind (who the members are, which jobs run) changes nothing about the cluster. That a loss
 * was taken note of does: until it is written, status says that the state is lost.
 */
function onlyRemembers(a: Assessment): boolean {
  if (a.ledger?.stateLost) return false;
  if (a.step.kind !== "effect" || a.step.effect.kind !== "WriteLedger" || !sizeAsWanted(a)) return false;
  const { operation, stateLost } = a.step.effect.ledger;
  return operation === undefined && stateLost === undefined;
}

/** A paused cluster that is as its spec wants it is ready; one whose size was edited meanwhile is not. */
function sizeAsWanted({ cluster, observation }: Assessment): boolean {
  return !cluster.spec.suspend && observation.statefulSet?.replicas === wantedSize(cluster.spec);
}

function nobody(a: Assessment): Verdict {
  if (a.ledger?.operation) {
    return { type, status: "False", reason: underWay(a), message: "No pod is asked for at this step." };
  }
  if (a.cluster.spec.suspend || a.cluster.spec.replicas === 0) {
    return { type, status: "False", reason: "Suspended", message: "Stopped on request." };
  }
  const first = a.unmet[0];
  return {
    type,
    status: "False",
    reason: first?.check ?? "Forming",
    message: first ? explain(first) : "No member runs yet.",
  };
}

const words: Record<OperationKind, string> = {
  Form: "Forming",
  Grow: "Growing",
  Shrink: "Shrinking",
  Roll: "Rolling",
  Stop: "Stopping",
  Start: "Starting",
};

function underWay(a: Assessment): string {
  return words[a.ledger?.operation?.kind ?? "Form"];
}
