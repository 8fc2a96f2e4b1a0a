import { archiveOf } from "../evidence/archive.ts";
import { progressText } from "../evidence/archive-progress.ts";
import { activeJobs, nameOfJob } from "../evidence/jobs.ts";
import type { Millis, Observation } from "../evidence/observation.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginArchive, giveUpStop, halt, suspendForArchive } from "../ledger-stop-transitions.ts";
import { enter, finish } from "../ledger-transitions.ts";
import { noJobs } from "./archive-restore.ts";
import { archiveVolumeThere } from "./archive-volume.ts";
import { endWork, preparing, startWork, type Work, workOf } from "./archive-work.ts";
import { effect, ledgerOf, timeOf } from "./evidence.ts";
import { budgetClosed, firstUnmet, type Gate, jobsKnown, safe, settled } from "./gates.ts";
import { acceptedLoss, unacceptedLoss } from "./snapshots.ts";
import { stateKept } from "./state-kept.ts";
import { hold, type Step, type Unmet, wait } from "./step.ts";
import { letJobsGoOn, suspendNext } from "./suspend-jobs.ts";

type Because = NonNullable<LedgerOperation["because"]>;

/** What a stop needs before anything of it is begun; the Job that saves finds out about the volume's room itself. */
const readyToArchive = [...settled, safe, jobsKnown, archiveVolumeThere, budgetClosed] as const;

const retryMillis: Millis = 60_000;

/** Jobs that are suspended and resumed again and again do not get on. */
const notJustGivenUp: Gate = (observation) => {
  const last = ledgerOf(observation)?.lastOperation;
  if (last?.kind !== "Stop" || last.result !== "Abandoned") return undefined;
  if (observation.now - Date.parse(last.finishedAt) > retryMillis) return undefined;
  return {
    check: "SaveFailed",
    observed: last.message ?? "the last stop was given up a moment ago",
    needed: "a pause of a minute between two attempts",
    remedy: "wait: it is tried again; if it fails again, do what the message says",
  };
};

/** What would be saved now is a cluster that has lost everything; the archive that can bring it back would go for it. */
const notLostAll: Gate = (observation) => (ledgerOf(observation)?.archive ? stateKept(observation) : undefined);

/** Being deleted, nobody can say any more what it goes on with: what was saved stays, unless there is something newer. */
function archiveWorthMore(observation: Observation): boolean {
  return notLostAll(observation) !== undefined && firstUnmet(observation, [jobsKnown, noJobs]) === undefined;
}

function stopUnsaved(observation: Observation, ledger: Ledger, size: number): Step {
  const unmet = firstUnmet(observation, [budgetClosed]);
  if (unmet) return hold(unmet);
  const next = halt(ledger, { size, lossless: false, because: "Remove" }, timeOf(observation));
  const says = `stopping all ${size} members, which have lost everything; the archive stays`;
  return effect(observation, { kind: "Scale", from: size, to: 0, ledger: next }, says);
}

/** Of this attempt alone: the ledger's epoch never comes again, also in a cluster that was deleted and made anew. */
function nonceOf({ uid, epoch }: Ledger): string {
  return (uid.replaceAll("-", "") + epoch.toString(16).padStart(8, "0")).slice(-16).padStart(16, "0");
}

export function stopToArchive(observation: Observation, ledger: Ledger, because: Because): Step {
  const size = observation.statefulSet?.replicas ?? 0;
  const relies = { size, snapshots: "OneByOne" } as const;
  if (because === "Remove" && archiveWorthMore(observation)) return stopUnsaved(observation, ledger, size);
  // A deletion has its time: an archive that lacks some entries is better than none.
  const kept = because === "Remove" ? [] : [notLostAll, unacceptedLoss(relies)];
  const unmet = firstUnmet(observation, [...readyToArchive, ...kept, notJustGivenUp]);
  if (unmet) return hold(unmet);
  const accepted = because === "Remove" ? undefined : acceptedLoss(observation, relies);
  const next = beginArchive(ledger, { size, because, nonce: nonceOf(ledger), accepted }, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `stopping all ${size} members with an archive`);
}

const saving = ({ archive = "", from }: LedgerOperation): Work => ({ does: "save", nonce: archive, size: from });

/**
 * Nothing is quiesced before the Job has the volume, room on it and all members. What it says when it cannot is in
 * status, and the cluster goes on as if nobody had asked.
 */
export function prepareArchive(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const work = workOf(observation, saving(operation));
  if (!work) {
    // It is told who the members are: all of them, or it could not begin.
    const apart = firstUnmet(observation, [...settled, safe]);
    if (apart) return hold(apart);
    const says = "the Job that saves is started; nothing is stopped before it is ready";
    return startWork(observation, saving(operation), says);
  }
  if (work.phase === "Failed" || work.phase === "Succeeded") {
    const failure = work.trouble ?? "the Job that saves ended before it was asked to";
    const next = giveUpStop(ledger, { step: "ResumingJobs", failure }, timeOf(observation));
    return effect(observation, { kind: "WriteLedger", ledger: next }, `nothing is stopped: ${failure}`);
  }
  if (work.phase !== "Ready") return hold(preparing(observation));
  const unmet = firstUnmet(observation, readyToArchive);
  if (unmet) return hold(unmet);
  const jobs = activeJobs(observation).filter((job) => job.status === "RUNNING");
  const next = suspendForArchive(
    ledger,
    jobs.map(({ id }) => ({ id, refresh: false })),
    timeOf(observation),
  );
  return effect(
    observation,
    { kind: "WriteLedger", ledger: next },
    "the archive can be written: jobs are suspended first",
  );
}

/** One after the other, so that each has ended with a whole snapshot of its own. */
export function suspendAll(observation: Observation, ledger: Ledger): Step {
  const busy = activeJobs(observation).filter((job) => job.status !== "SUSPENDED" && !isListed(ledger, job.id));
  const moving = busy[0];
  if (moving) return wait(notSuspended(busy.map((job) => `${nameOfJob(job)} is ${job.status}`)));
  return suspendNext(observation, ledger, "Quiescing", ledger.operation?.from ?? 0);
}

function isListed({ operation }: Ledger, id: string): boolean {
  return operation?.jobs?.some((job) => job.id === id) ?? false;
}

function notSuspended(jobs: readonly string[]): Unmet {
  return {
    check: "JobsNotSuspended",
    observed: jobs.join("; "),
    needed: "every job suspended or ended",
    remedy: "wait until it runs, or suspend or cancel it: a job that is started or submitted now belongs to no archive",
  };
}

/** PASSIVE everywhere: what there is stands still. Any job that is not suspended by now makes the save worthless. */
export function whyNotStandingStill(observation: Observation): Unmet | undefined {
  const unmet = firstUnmet(observation, [jobsKnown]);
  if (unmet) return unmet;
  const running = activeJobs(observation).filter((job) => job.status !== "SUSPENDED");
  return running.length > 0 ? notSuspended(running.map((job) => `${nameOfJob(job)} is ${job.status}`)) : undefined;
}

/** All that was saved and read back, then replicas 0 in the same write as the archive's name; "failed" when it never comes. */
export function awaitArchive(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step | "failed" {
  const work = workOf(observation, saving(operation));
  if (!work || work.phase === "Failed") return "failed";
  if (work.phase !== "Succeeded") return wait(copying(observation));
  const saved = work.result;
  if (!saved || saved.nonce !== operation.archive || saved.clusterId !== ledger.clusterId) return "failed";
  const at = timeOf(observation);
  const ran = (operation.jobs ?? []).map(({ id }) => id);
  const archive = archiveOf(saved, activeJobs(observation), ran, at);
  const stop = { size: operation.from, lossless: true, because: operation.because ?? "Suspend", archive } as const;
  return effect(
    observation,
    { kind: "Scale", from: operation.from, to: 0, ledger: halt(ledger, stop, at), provided: "PASSIVE" },
    `archive ${saved.generation} is written and verified (${saved.entries} entries, ${saved.jobs} jobs): all ${operation.from} members stop`,
  );
}

function copying({ archiveProgress }: Observation): Unmet {
  return {
    check: "Archiving",
    observed: progressText(archiveProgress) ?? "entries are copied and read back",
    needed: "a verified archive",
    remedy: "wait: it takes as long as the volume needs for the state of all jobs and maps",
  };
}

/** The cluster is ACTIVE again: what the stop suspended goes on, whoever works on the volume ends, then it is over. */
export function undoArchive(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  return letJobsGoOn(observation, ledger, () => abandon(observation, ledger, operation));
}

function abandon(observation: Observation, ledger: Ledger, { from }: LedgerOperation): Step {
  const over = endWork(observation, "nothing is saved: the Job that was to do it goes");
  if (over) return over;
  const next = finish(ledger, from, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "the stop is given up; it is tried again later");
}

export function resumeAfterGivingUp(observation: Observation, ledger: Ledger): Step {
  const next = enter(ledger, "ResumingJobs", timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "ACTIVE again: the jobs that were suspended go on");
}
