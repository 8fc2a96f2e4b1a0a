import { accepts } from "../evidence/accept.ts";
import { type Memory, memoryOf } from "../evidence/memory.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { isLossless, wantsNobody, wantsOtherPods, wantsRestart } from "../evidence/wishes.ts";
import { expectedReplicas, type Ledger, type LedgerOperation } from "../ledger.ts";
import { openLedger, reopenLedger, reopenStopped, restoreStopped } from "../ledger-transitions.ts";
import { effect, ledgerOf, timeOf } from "./evidence.ts";
import { continueForm, form } from "./form.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import { continueGrow, grow } from "./grow.ts";
import { watchIdentity } from "./members.ts";
import { ledgerReadable, namesFree, notPaused, statefulSetStays } from "./preconditions.ts";
import { keepFinalizer, remove } from "./remove.ts";
import { restart } from "./restart.ts";
import { restoreLost } from "./restore-lost.ts";
import { restoreReplicas } from "./restore-replicas.ts";
import { resumeNextWaiting } from "./resume-jobs.ts";
import { continueRoll, roll } from "./roll.ts";
import { continueShrink, shrink } from "./shrink.ts";
import { continueStart, start } from "./start.ts";
import { stateKept } from "./state-kept.ts";
import { blocked, done, hold, type Step, wait } from "./step.ts";
import { continueStop, stop, undoLatePassive } from "./stop.ts";
import { deleteSurplusClaim } from "./volumes.ts";
import { watchJobs } from "./watch-jobs.ts";

/**
 * What to do next: one effect, or what is waited for, or what only a person can change. Pure and total: the same
 * observation always gives the same step. Here stands the order of concerns; each operation has a file of its own.
 */
export function plan(observation: Observation): Step {
  const { cluster, statefulSet } = observation;
  if (cluster.metadata.deletionTimestamp !== undefined) {
    const ledger = ledgerOf(observation);
    return remove(observation, ledger, () => (ledger ? decide(observation, ledger) : withoutLedger(observation)));
  }
  const obstacle = firstUnmet(observation, [notPaused, namesFree, ledgerReadable, statefulSetStays]);
  if (obstacle) return obstacle.check === "StatefulSetDeleting" ? wait(obstacle) : blocked(obstacle);
  const finalizer = keepFinalizer(observation);
  if (finalizer) return finalizer;
  if (!statefulSet) return wantsNobody(observation) ? done : form(observation);
  if (statefulSet.ledger.kind !== "ledger") return recoverLedger(observation);
  return decide(observation, statefulSet.ledger.ledger);
}

/** Being deleted: what cannot be read is nothing to let a cluster with state go for; the deletion's time ends it. */
function withoutLedger(observation: Observation): Step {
  const unreadable = firstUnmet(observation, [ledgerReadable]);
  if (unreadable) return blocked(unreadable);
  return recoverLedger(observation);
}

function decide(observation: Observation, ledger: Ledger): Step {
  const replicas = observation.statefulSet?.replicas ?? 0;
  const expected = expectedReplicas(ledger) ?? replicas;
  if (replicas !== expected) return restoreReplicas(observation, ledger, expected);
  const aboutJobs = watchJobs(observation, ledger);
  if (aboutJobs) return aboutJobs;
  if (ledger.operation) return goOn(observation, ledger, ledger.operation);
  if (ledger.stopped) return wantsNobody(observation) ? done : start(observation, ledger);
  return atRest(observation, ledger, replicas);
}

/**
 * An operation that was begun is ended first, whatever the spec says by now; each knows its own ways back. Between two of
 * its steps the members are looked at as at rest: a roll replaces every one of them, and that is no loss.
 */
function goOn(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  if (stopsAtOnce(observation, ledger, operation)) return stop(observation, ledger, becauseOf(observation));
  const identity = fewAreKnown(observation, ledger, operation) ? wholeIdentity(observation, ledger) : undefined;
  if (identity) return identity;
  switch (operation.kind) {
    case "Form":
      return continueForm(observation, ledger, operation);
    case "Grow":
      return continueGrow(observation, ledger, operation);
    case "Shrink":
      return continueShrink(observation, ledger, operation);
    case "Roll":
      return continueRoll(observation, ledger, operation);
    case "Stop":
      return continueStop(observation, ledger, operation);
    case "Start":
      return continueStart(observation, ledger, operation);
    default:
      return operation.kind satisfies never;
  }
}

/**
 * Nothing is under way. First what a person asked to end, then the size, then the template: a size change makes pods from
 * the template that all others have.
 */
function atRest(observation: Observation, ledger: Ledger, replicas: number): Step {
  const late = undoLatePassive(observation, ledger);
  if (late) return late;
  const unmet = firstUnmet(observation, [...settled, safe]);
  const identity = wholeIdentity(observation, ledger);
  if (identity) return identity;
  const restored = becauseOf(observation) === "Remove" ? undefined : restoreLost(observation, ledger);
  if (restored) return restored;
  if (wantsNobody(observation)) return stop(observation, ledger, becauseOf(observation));
  const lost = firstUnmet(observation, [stateKept]);
  if (lost) return hold(lost);
  const resume = resumeNextWaiting(observation, ledger);
  if (resume) return resume;
  const wanted = wantedSize(observation.cluster.spec);
  if (wanted > replicas) return grow(observation, ledger, wanted);
  if (wanted < replicas) return shrink(observation, ledger, wanted);
  if (wantsRestart(observation)) return restart(observation, ledger);
  if (wantsOtherPods(observation)) return roll(observation, ledger);
  if (unmet) return hold(unmet);
  return deleteSurplusClaim(observation, replicas) ?? done;
}

/**
 * A stop that keeps no state needs no whole cluster: it is not held up by an operation that may never end (a pod that no
 * node has room for, an image that is not there).
 */
function stopsAtOnce(observation: Observation, ledger: Ledger, { kind }: LedgerOperation): boolean {
  if (!wantsNobody(observation) || isLossless(observation) || kind === "Stop" || kind === "Start") return false;
  const nothingToLose = kind === "Form" && ledger.formedSize === undefined;
  return nothingToLose || accepts(observation, "lose-data") || becauseOf(observation) === "Remove";
}

/** A roll replaces every member, so each is written down as it comes; else half of them known tells cluster from cluster. */
function fewAreKnown(observation: Observation, ledger: Ledger, { kind }: LedgerOperation): boolean {
  const before = ledger.members;
  if (!before || !["Grow", "Shrink", "Roll"].includes(kind)) return false;
  const known = observation.members.filter((member) => member.known && before.includes(member.uuid)).length;
  return kind === "Roll" ? known < observation.members.length : known * 2 <= observation.members.length;
}

function wholeIdentity(observation: Observation, ledger: Ledger): Step | undefined {
  return firstUnmet(observation, [...settled, safe]) ? undefined : watchIdentity(observation, ledger);
}

function becauseOf({ cluster }: Observation): "Remove" | "Suspend" {
  return cluster.metadata.deletionTimestamp === undefined ? "Suspend" : "Remove";
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
    ? remembering(observation, remembered, start)
    : openLedger({ ...start, version: observation.engine.version, size: wantedSize(observation.cluster.spec) });
  return effect(observation, { kind: "WriteLedger", ledger }, "the ledger was gone: written again from what is there");
}

/** Nobody there: it had stopped. Members with volumes may be on their way back from a stop, and still PASSIVE. */
function remembering(observation: Observation, remembered: Memory, start: { uid: string; at: string }): Ledger {
  const lossless = isLossless(observation);
  if (observation.statefulSet?.replicas === 0 && (lossless || wantsNobody(observation))) {
    return reopenStopped(remembered, lossless, start);
  }
  return lossless ? restoreStopped(remembered, { ...start, alive: true }) : reopenLedger(remembered, start);
}
