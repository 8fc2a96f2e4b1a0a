import type { Observation, PodFacts } from "../evidence/observation.ts";
import { hostOf, singleView, viewsOf } from "../evidence/views.ts";
import { wantsOtherPods, wantsRestart } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginRoll, enter, finish } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import {
  budgetClosed,
  firstUnmet,
  type Gate,
  isInNobodysView,
  jobsKnown,
  othersAtWork,
  othersWhole,
  safe,
  settled,
} from "./gates.ts";
import { outdatedPods } from "./outdated.ts";
import { acceptedLoss, disruption, holdForSnapshots, unacceptedLoss } from "./snapshots.ts";
import { hold, type Step } from "./step.ts";
import { jobsToSuspend, letJobsGoOn, suspendNext } from "./suspend-jobs.ts";

/**
 * Writes the new template: already the first step, because any pod that is made again for another reason takes it. So it
 * needs what taking a member away needs.
 */
export function roll(observation: Observation, ledger: Ledger): Step {
  // A pod that is no member (no node has room for it) may need just this template, and takes nothing with it.
  const idle = observation.pods.some((pod) => isInNobodysView(pod, observation));
  const size = observation.statefulSet?.replicas ?? 0;
  const relies = disruption(observation, size);
  const whole = idle ? othersAtWork : [...settled, safe, unacceptedLoss(relies)];
  const unmet = firstUnmet(observation, [...whole, jobsKnown, budgetClosed]);
  if (unmet) return hold(unmet);
  return writeTemplate(observation, ledger, {
    size,
    acceptedLoss: idle ? undefined : acceptedLoss(observation, relies),
  });
}

export function continueRoll(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  if (wantsOtherPods(observation) && !wantsRestart(observation)) return replaceTemplate(observation, ledger, operation);
  // Whatever the step: jobs cannot be suspended nor go on before such a pod is replaced.
  const stuck = outdatedPods(observation).find((pod) => isInNobodysView(pod, observation));
  if (stuck) return replaceStuck(observation, stuck);
  const unmet = firstUnmet(observation, [noRestartBehindAStuckRoll]);
  if (unmet) return hold(unmet);
  switch (operation.step) {
    case "SuspendingJobs":
      return suspendNext(observation, ledger, "Replacing", operation.to);
    case "ResumingJobs":
      return letJobsGoOn(observation, ledger, () => done(observation, ledger, operation));
    default:
      return replaceNext(observation, ledger, operation);
  }
}

/**
 * What all must share cannot come with a roll: it waits until this one has ended. One that can never end by itself has to be
 * mended without it first.
 */
const noRestartBehindAStuckRoll: Gate = (observation) => {
  const stuck = observation.pods.filter((pod) => pod.trouble !== undefined && isInNobodysView(pod, observation));
  if (stuck.length === 0 || !wantsRestart(observation)) return undefined;
  return {
    check: "RestartWaits",
    observed: `${stuck.map((pod) => `${pod.name}: ${pod.trouble}`).join("; ")}, while the spec asks for a restart of all`,
    needed: "an end of the roll that is under way",
    remedy:
      "set back what all members share (clusterName, backupCount, the partition count, the minor version) and leave what mends the pod; change it again when the roll has ended",
  };
};

/**
 * The spec changed again. Members that never joined (a bad image, a configuration the engine refuses) may not keep the
 * way back from being taken: what counts is that all others are one safe view.
 */
function replaceTemplate(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const unmet = firstUnmet(observation, [othersWhole, budgetClosed]);
  if (unmet) return hold(unmet);
  const acceptedBefore = operation.lossAccepted ? true : undefined;
  return writeTemplate(observation, ledger, { size: operation.to, acceptedLoss: acceptedBefore }, operation.jobs ?? []);
}

function writeTemplate(
  observation: Observation,
  ledger: Ledger,
  about: Pick<Parameters<typeof beginRoll>[1], "size" | "acceptedLoss">,
  already: NonNullable<LedgerOperation["jobs"]> = [],
): Step {
  // Taken back before any pod had it: no member goes, so no more jobs are suspended for it.
  const unneeded = observation.pods.every((pod) => pod.templateHash === observation.templateHash);
  const more = unneeded
    ? []
    : jobsToSuspend(observation, undefined).filter((job) => !already.some((a) => a.id === job.id));
  const roll = { ...about, version: observation.engine.version, jobs: [...already, ...more], unneeded };
  const next = beginRoll(ledger, roll, timeOf(observation));
  return effect(observation, { kind: "WriteTemplate", ledger: next }, "writing the new pod template");
}

/** One outdated pod at a time, the highest ordinal first, the master last: each change of the master costs the jobs a restart. */
function replaceNext(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const outdated = outdatedPods(observation);
  const next = masterLast(outdated, observation)[0];
  if (!next) return finishReplacing(observation, ledger, operation);
  const unmet = firstUnmet(observation, [...settled, safe, budgetClosed]);
  if (unmet) return hold(unmet);
  const held = holdForSnapshots(observation, ledger, { size: operation.to, snapshots: "Together" });
  if (held) return held;
  return effect(
    observation,
    { kind: "DeletePod", name: next.name, uid: next.uid },
    `replacing ${next.name}: ${outdated.length} of ${operation.to} to go`,
  );
}

/** A member that is nobody's takes nothing with it: the cluster need not be able to miss one. */
function replaceStuck(observation: Observation, { name, uid }: PodFacts): Step {
  const unmet = firstUnmet(observation, [othersWhole, budgetClosed]);
  if (unmet) return hold(unmet);
  return effect(observation, { kind: "DeletePod", name, uid }, `replacing ${name}, whose member never joined`);
}

function finishReplacing(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return hold(unmet);
  if (!operation.jobs) return done(observation, ledger, operation);
  const next = enter(ledger, "ResumingJobs", timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "every member has the new template");
}

function done(observation: Observation, ledger: Ledger, { to }: LedgerOperation): Step {
  const next = finish(ledger, to, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `rolled out to ${to} members`);
}

function masterLast(pods: readonly PodFacts[], observation: Observation): PodFacts[] {
  const view = singleView(viewsOf(observation));
  const master = view?.members.find((member) => member.uuid === view.master);
  const isMaster = (pod: PodFacts) => master !== undefined && hostOf(master.address) === pod.address;
  return [...pods].sort((a, b) => Number(isMaster(a)) - Number(isMaster(b)));
}
