import { acceptanceNow, acceptCommand, accepts } from "../evidence/accept.ts";
import { activeJobs, nameOfJob } from "../evidence/jobs.ts";
import type { ClusterState, Millis, Observation } from "../evidence/observation.ts";
import { viewsOf } from "../evidence/views.ts";
import { archives, isLossless, wantsNobody, wantsRestart } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginStop, finishStop, giveUpStop, halt } from "../ledger-stop-transitions.ts";
import { enter, finish } from "../ledger-transitions.ts";
import {
  awaitArchive,
  prepareArchive,
  resumeAfterGivingUp,
  stopToArchive,
  suspendAll,
  undoArchive,
  whyNotStandingStill,
} from "./archive-save.ts";
import { effect, timeOf } from "./evidence.ts";
import {
  allKnown,
  budgetClosed,
  firstUnmet,
  type Gate,
  isInNobodysView,
  jobsKnown,
  othersKnown,
  safe,
  settled,
  whole,
} from "./gates.ts";
import { jobsAfterStop } from "./job-memory.ts";
import { acceptedLoss, snapshotsComplete, unacceptedLoss } from "./snapshots.ts";
import { blocked, hold, type Step, type Unmet, wait } from "./step.ts";
import { volumesThere } from "./volumes.ts";

type Because = NonNullable<LedgerOperation["because"]>;

/**
 * Stops the whole cluster, never member by member. Losslessly: PASSIVE first, so that every job takes its last snapshot
 * and the members save it, then all pods at once. Seed: "for lossless restart to work the cluster must be shut down
 * gracefully".
 */
export function stop(observation: Observation, ledger: Ledger, because: Because): Step {
  const size = observation.statefulSet?.replicas ?? 0;
  if (!isLossless(observation)) return stopLosingState(observation, ledger, because, size);
  if (archives(observation)) return stopToArchive(observation, ledger, because);
  // A deletion has its time: beyond it members would go without any last snapshot, which is worse than one that lacks some.
  const relies = { size, snapshots: "Together" } as const;
  const kept = because === "Remove" ? [] : [unacceptedLoss(relies)];
  const unmet = firstUnmet(observation, [...settled, safe, volumesThere(size), ...kept, budgetClosed]);
  if (unmet) return hold(unmet);
  const accepted = because === "Remove" ? undefined : acceptedLoss(observation, relies);
  return effect(
    observation,
    { kind: "WriteLedger", ledger: beginStop(ledger, size, because, timeOf(observation), accepted) },
    `stopping all ${size} members together${reason[because]}`,
  );
}

const reason: Record<Because, string> = {
  Suspend: "",
  Restart: ", to start them again with what cannot be changed member by member",
  Remove: ", before the JetCluster goes",
};

/** Without losslessness a stop is refused, unless somebody has accepted once that the jobs' state is lost. */
function stopLosingState(observation: Observation, ledger: Ledger, because: Because, size: number): Step {
  const neverFormed = ledger.formedSize === undefined;
  const needsWord = !neverFormed && because !== "Remove";
  if (needsWord && !accepts(observation, "lose-data")) return refused(observation, because);
  const unmet = firstUnmet(observation, [budgetClosed]);
  if (unmet) return hold(unmet);
  const accepted = needsWord ? acceptanceNow(observation, "lose-data") : undefined;
  const next = halt(ledger, { size, lossless: false, because, accepted }, timeOf(observation));
  return effect(
    observation,
    { kind: "Scale", from: size, to: 0, ledger: next },
    `stopping all ${size} members; the jobs' state is given up, as accepted`,
  );
}

/** Jobs whose snapshots are incomplete are named beside: a lossless mode alone would not save them. */
function refused(observation: Observation, because: Because): Step {
  const snapshots = snapshotsComplete(observation);
  const incomplete = snapshots?.check === "SnapshotIncomplete" ? [snapshots] : [];
  return blocked(notLossless(observation, because), ...incomplete);
}

function notLossless(observation: Observation, because: Because): Unmet {
  const restart = because === "Restart";
  return {
    check: "NotLossless",
    observed: restart
      ? "the change needs all members to stop and start together, and losslessRestart.mode is Disabled"
      : "a stop of the whole cluster is asked for, and losslessRestart.mode is Disabled: all jobs' state would be lost",
    needed: "a lossless mode, or somebody's word that the jobs' state may be lost",
    remedy: `${restart ? "set the changed fields back" : "set suspend: false and replicas to the present size"}, or accept the loss once: ${acceptCommand(observation, "lose-data")}`,
  };
}

export function continueStop(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  switch (operation.step) {
    case "Preparing":
      return isUnwanted(observation)
        ? undoArchive(observation, ledger, operation)
        : prepareArchive(observation, ledger, operation);
    case "SuspendingJobs":
      return isUnwanted(observation) ? resumeAfterGivingUp(observation, ledger) : suspendAll(observation, ledger);
    case "Quiescing":
    case "Saving":
      return quiesce(observation, ledger, operation);
    case "Reactivating":
      return reactivate(observation, ledger, operation);
    case "ResumingJobs":
      return backToActive(observation) ?? undoArchive(observation, ledger, operation);
    default:
      return awaitEnd(observation, ledger);
  }
}

/**
 * The engine's answer to the change of state proves nothing: it waits for the jobs' snapshots without a timeout, and a
 * call that was given up still takes effect later (seen on real engines). What counts is what every member says.
 */
function quiesce(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const size = operation.from;
  const unwanted = isUnwanted(observation);
  const broken = firstUnmet(observation, [membersStay(ledger), nobodyLost, undivided, volumesThere(size)]);
  if (unwanted || broken) return giveUp(observation, ledger, broken);
  const unmet = firstUnmet(observation, [...whole, budgetClosed]);
  if (unmet) return wait(unmet);
  if (!allIn(observation, "PASSIVE")) {
    if (operation.step === "Saving") return giveUp(observation, ledger, notPassive);
    return effect(observation, { kind: "ChangeClusterState", to: "PASSIVE" }, "jobs take their last snapshot: PASSIVE");
  }
  if (operation.archive !== undefined) return save(observation, ledger, operation);
  const because = operation.because ?? "Suspend";
  const stop = { size, lossless: true, because, jobs: jobsAfterStop(observation, ledger) };
  return effect(
    observation,
    { kind: "Scale", from: size, to: 0, ledger: halt(ledger, stop, timeOf(observation)), provided: "PASSIVE" },
    `every member says PASSIVE: all ${size} stop together`,
  );
}

/** What was copied until then may be from before and after a change. */
const notPassive: Unmet = {
  check: "SaveFailed",
  observed: "the cluster did not stay PASSIVE while it was saved",
  needed: "a cluster that stands still until the archive is verified",
  remedy: "wait: the stop is begun anew",
};

function isUnwanted(observation: Observation): boolean {
  return !wantsNobody(observation) && !wantsRestart(observation);
}

/** Every member says PASSIVE. The Job sees that itself and begins to copy. */
function save(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const moving = whyNotStandingStill(observation);
  if (moving?.check === "JobsUnknown") return wait(moving);
  if (moving) return giveUp(observation, ledger, moving);
  if (operation.step !== "Saving") {
    const next = enter(ledger, "Saving", timeOf(observation));
    return effect(
      observation,
      { kind: "WriteLedger", ledger: next },
      "everything stands still: the archive is written",
    );
  }
  const late = savesTooLong(observation, operation);
  if (late) return giveUp(observation, ledger, late);
  const step = awaitArchive(observation, ledger, operation);
  return step === "failed" ? giveUp(observation, ledger, saveFailed(observation)) : step;
}

/** Nobody can write to a cluster that stands still: it does so only for the time that its user has set. */
function savesTooLong({ now, cluster }: Observation, { startedAt }: LedgerOperation): Unmet | undefined {
  const { deadlineSeconds } = cluster.spec.losslessRestart.archive ?? {};
  if (deadlineSeconds === undefined || now - Date.parse(startedAt) <= deadlineSeconds * 1_000) return undefined;
  return {
    check: "SaveFailed",
    observed: `not saved within ${deadlineSeconds} s`,
    needed: "a verified archive",
    remedy:
      "raise spec.losslessRestart.archive.deadlineSeconds, or take faster storage; the cluster becomes ACTIVE again",
  };
}

function saveFailed({ archive }: Observation): Unmet {
  return {
    check: "SaveFailed",
    observed: archive?.work?.trouble ?? "the Job that saves is gone, or what it saved is not this cluster",
    needed: "a verified archive",
    remedy:
      "wait: the cluster becomes ACTIVE again and the stop is begun anew; if it lasts, look at the log of the Job's pod",
  };
}

/** A member that was replaced meanwhile has not what the others have: the cluster must be whole again before a stop. */
function membersStay(ledger: Ledger): Gate {
  return (observation) => {
    const before = ledger.members;
    const now = observation.members.flatMap((member) => (member.known ? [member.uuid] : []));
    const fresh = before ? now.filter((uuid) => !before.includes(uuid)) : [];
    if (fresh.length === 0) return undefined;
    return {
      check: "MembersChanged",
      observed: `${fresh.length} members came anew during the stop`,
      needed: "the members that were there when it began",
      remedy: "wait: the cluster becomes ACTIVE again and the stop is begun anew",
    };
  };
}

/** A PASSIVE cluster may not let it in again, so that nothing but going back to ACTIVE helps. */
const nobodyLost: Gate = (observation) => {
  const lost = observation.pods.filter((pod) => isInNobodysView(pod, observation)).map((pod) => pod.name);
  if (lost.length === 0) return undefined;
  return {
    check: "MembersChanged",
    observed: `${lost.join(", ")} left the cluster during the stop`,
    needed: "the members that were there when it began",
    remedy: "wait: the cluster becomes ACTIVE again and the stop is begun anew",
  };
};

/** Only ACTIVE clusters merge: PASSIVE sides of a split would stay apart for ever. */
const undivided: Gate = (observation) => {
  const { views } = viewsOf(observation);
  const passive = observation.members.some((member) => member.known && member.clusterState === "PASSIVE");
  if (views.length <= 1 || !passive) return undefined;
  return {
    check: "ViewsDiffer",
    observed: `${views.map((view) => `{${view.heldBy.join(", ")}}`).join(" and ")} fell apart during the stop`,
    needed: "one undivided view",
    remedy: "wait: each side becomes ACTIVE again, so that they can merge, and the stop is begun anew",
  };
};

function giveUp(observation: Observation, ledger: Ledger, why: Unmet | undefined): Step {
  const next = giveUpStop(ledger, { step: "Reactivating", failure: why?.observed }, timeOf(observation));
  const says = why ? `the stop is given up: ${why.observed}` : "the stop is not wanted any more";
  return effect(observation, { kind: "WriteLedger", ledger: next }, says);
}

/** Undefined when every member says ACTIVE. A PASSIVE may also come after one look said so: it was asked for more than once. */
function backToActive(observation: Observation): Step | undefined {
  // One that never came back may need ACTIVE to join; whoever is silent and counted as a member holds it.
  const unknown = firstUnmet(observation, [othersKnown]);
  if (unknown) return wait(unknown);
  if (observation.members.every((m) => !m.known || m.clusterState === "ACTIVE")) return undefined;
  return effect(observation, { kind: "ChangeClusterState", to: "ACTIVE" }, "the cluster goes on: ACTIVE");
}

/** Also a PASSIVE that was asked for and comes late is undone here: the operation ends only once all say ACTIVE and safe. */
function reactivate(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const active = backToActive(observation);
  if (active) return active;
  const unmet = firstUnmet(observation, [...settled, safe, jobsKnown, nothingPassiveComes]);
  if (unmet) return hold(unmet);
  if (operation.archive !== undefined) return resumeAfterGivingUp(observation, ledger);
  const next = finish(ledger, operation.from, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "the cluster is ACTIVE again");
}

/** While a job takes its last snapshot the PASSIVE that waits for it may still come, and nothing calls it back. */
export const nothingPassiveComes: Gate = (observation) => {
  const moving = activeJobs(observation).filter((job) => job.status === "COMPLETING");
  if (moving.length === 0) return undefined;
  return {
    check: "JobMoving",
    observed: `${moving.map(nameOfJob).join(", ")} still taking the snapshot that PASSIVE waits for`,
    needed: "no snapshot under way, so that PASSIVE cannot come any more",
    remedy: "wait: it takes as long as the snapshot; then the cluster goes on",
  };
};

function awaitEnd(observation: Observation, ledger: Ledger): Step {
  const unmet = firstUnmet(observation, [nobodyLeft]);
  if (unmet) return hold(unmet);
  return effect(
    observation,
    { kind: "WriteLedger", ledger: finishStop(ledger, timeOf(observation)) },
    "every member has stopped",
  );
}

/** A snapshot may take hours; a PASSIVE that comes later than this after a stop that was given up is somebody else's. */
const latePassiveMillis: Millis = 86_400_000;

/**
 * A PASSIVE that was asked for and given up still takes effect when the jobs' snapshots end, however late (seen on real
 * engines), also after the stop has been written off. Any other PASSIVE is a person's and left alone.
 */
export function undoLatePassive(observation: Observation, { lastOperation }: Ledger): Step | undefined {
  if (lastOperation?.kind !== "Stop" || lastOperation.result !== "Abandoned") return undefined;
  const passive = observation.members.some((member) => member.known && member.clusterState === "PASSIVE");
  const late = observation.now - Date.parse(lastOperation.finishedAt) > latePassiveMillis;
  if (!passive || late || firstUnmet(observation, [allKnown])) return undefined;
  return effect(
    observation,
    { kind: "ChangeClusterState", to: "ACTIVE" },
    "a PASSIVE of the stop that was given up: ACTIVE",
  );
}

export const nobodyLeft: Gate = ({ pods }) => {
  if (pods.length === 0) return undefined;
  return {
    check: "PodsLeaving",
    observed: `${pods.map((pod) => pod.name).join(", ")} still there`,
    needed: "no pod of the cluster left",
    remedy: "wait: pods that were let go finish their shutdown first",
  };
};

function allIn(observation: Observation, state: ClusterState): boolean {
  return observation.members.length > 0 && observation.members.every((m) => m.known && m.clusterState === state);
}
