import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { isJoining, viewsOf } from "../evidence/views.ts";
import { keepsStateOnMembers, wantsNobody, wantsOtherPods } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginStart, halt, retemplate } from "../ledger-stop-transitions.ts";
import { enter, finish } from "../ledger-transitions.ts";
import { continueRestore, startFromArchive, versionOf } from "./archive-restore.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, jobsKnown, podsReady, safe, settled, whole } from "./gates.ts";
import { hold, type Step } from "./step.ts";
import { nobodyLeft, nothingPassiveComes } from "./stop.ts";
import { volumesThere } from "./volumes.ts";

/**
 * Starts a stopped cluster: losslessly with exactly the members that were stopped, whatever size the spec asks for by
 * now, which then waits until they are back. A new template is written while nobody runs.
 */
export function start(observation: Observation, ledger: Ledger): Step {
  const saved = ledger.stopped?.lossless && !keepsStateOnMembers(observation) ? ledger.archive : undefined;
  const unmet = firstUnmet(observation, saved ? [nobodyLeft, versionOf(saved)] : [nobodyLeft]);
  if (unmet) return hold(unmet);
  if (wantsOtherPods(observation)) {
    const next = retemplate(ledger, observation.engine.version);
    return effect(
      observation,
      { kind: "WriteTemplate", ledger: next },
      "writing the new pod template while nobody runs",
    );
  }
  if (saved) return startFromArchive(observation, ledger, saved);
  const size = ledger.stopped?.lossless ? (ledger.formedSize ?? 1) : wantedSize(observation.cluster.spec);
  const missing = ledger.stopped?.lossless ? firstUnmet(observation, [volumesThere(size)]) : undefined;
  if (missing) return hold(missing);
  return effect(
    observation,
    { kind: "Scale", from: 0, to: size, ledger: beginStart(ledger, size, timeOf(observation)) },
    `starting ${size} members`,
  );
}

/** One view of all of them first, then ACTIVE: jobs go on by themselves only then. */
export function continueStart(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const { to: size } = operation;
  const apart = firstUnmet(observation, [podsReady, ...whole]);
  const back = whyBackDown(observation, operation, apart !== undefined);
  if (back) {
    const stop = { size, lossless: operation.lossless ?? false, because: "Suspend" } as const;
    const next = halt(ledger, stop, timeOf(observation));
    return effect(observation, { kind: "Scale", from: size, to: 0, ledger: next }, back);
  }
  if (apart && dividedForGood(observation, operation)) {
    const next = halt(ledger, { size, lossless: true, because: "Suspend" }, timeOf(observation));
    return effect(
      observation,
      { kind: "Scale", from: size, to: 0, ledger: next, provided: "PASSIVE" },
      "the members came up divided and, being PASSIVE, never merge: stopping all, to start them again",
    );
  }
  if (apart) return hold(apart);
  if (operation.archive !== undefined && ledger.archive) {
    return continueRestore(observation, ledger, operation, ledger.archive);
  }
  const passive = observation.members.some((member) => member.known && member.clusterState === "PASSIVE");
  if (passive && operation.lossless) {
    if (operation.step === "Joining") {
      const next = enter(ledger, "Activating", timeOf(observation));
      return effect(observation, { kind: "WriteLedger", ledger: next }, `all ${size} members are back in one view`);
    }
    return effect(
      observation,
      { kind: "ChangeClusterState", to: "ACTIVE" },
      `all ${size} members are in one view: jobs may go on`,
    );
  }
  // Members of a ledger that was lost may be in the middle of a stop: its PASSIVE comes when the jobs' snapshots end.
  const quiet = operation.lossless ? [jobsKnown, nothingPassiveComes] : [];
  const unmet = firstUnmet(observation, [...settled, safe, ...quiet]);
  if (unmet) return hold(unmet);
  const next = finish(ledger, size, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `started: one view of ${size} members`);
}

/**
 * A start that the user does not want any more, or that cannot succeed as it is, goes back down while no job can have
 * gone on: then that costs nothing that is not on the volumes. The only way to another template or size is from there.
 */
function whyBackDown(observation: Observation, operation: LedgerOperation, apart: boolean): string | undefined {
  if (operation.archive !== undefined) return whyNotRestored(observation, operation, apart);
  if (operation.lossless && (operation.step !== "Joining" || !apart || someoneWorks(observation))) return undefined;
  if (wantsNobody(observation)) return "stopping again, as asked";
  if (!apart) return undefined;
  const stuck = observation.pods.some((pod) => pod.trouble !== undefined) || observation.troubles.length > 0;
  if (stuck && wantsOtherPods(observation)) return "stopping again, to start with the new pod template";
  const resized = !operation.lossless && wantedSize(observation.cluster.spec) !== operation.to;
  return resized ? "stopping again, to start with the size that is asked for by now" : undefined;
}

/** Until the jobs are let go on, all that is lost by stopping again is what the archive has. */
function whyNotRestored(observation: Observation, { step, to }: LedgerOperation, apart: boolean): string | undefined {
  if (step === "Releasing") return undefined;
  if (wantsNobody(observation)) return "stopping again, as asked";
  const stuck = apart && observation.pods.some((pod) => pod.trouble !== undefined);
  if (stuck && wantsOtherPods(observation)) return "stopping again, to start with the new pod template";
  if (wantedSize(observation.cluster.spec) === to) return undefined;
  return "stopping again, to start with the size that is asked for by now";
}

/** Members that come back from a stop are PASSIVE until the operator, which has not asked yet, makes them ACTIVE. */
function someoneWorks(observation: Observation): boolean {
  return observation.pods.some((pod) => {
    const member = observation.members.find((m) => m.podUid === pod.uid);
    return member?.known ? !isJoining(member, observation) && member.clusterState !== "PASSIVE" : pod.ready;
  });
}

/** Time in which members that come up agree on one view, in milliseconds. */
const agreeMillis = 300_000;

/**
 * Only ACTIVE clusters merge. Members that are all PASSIVE have everything on their volumes and run no job,
 * so that stopping them again costs nothing.
 */
function dividedForGood(observation: Observation, { lossless, startedAt }: LedgerOperation): boolean {
  const long = observation.now - Date.parse(startedAt) > agreeMillis;
  const passive = observation.members.every((member) => member.known && member.clusterState === "PASSIVE");
  return lossless === true && long && passive && viewsOf(observation).views.length > 1;
}
