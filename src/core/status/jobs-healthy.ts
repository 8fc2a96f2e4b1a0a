import { acceptCommand } from "../evidence/accept.ts";
import { activeJobs, isDamaged, jobOf, nameOfJob } from "../evidence/jobs.ts";
import type { JobFacts, Millis } from "../evidence/observation.ts";
import { waitsFor } from "../plan/resume-jobs.ts";
import { snapshotLossOf, whatHelps } from "../plan/snapshots.ts";
import { type Assessment, explain, type Verdict } from "./assessment.ts";
import { waitDeadlineMillis } from "./stalled.ts";

const type = "JobsHealthy";

/** Every active job runs, or was suspended on somebody's request. */
export function jobsHealthy(a: Assessment): Verdict {
  const { observation, ledger } = a;
  if (ledger?.stateLost) {
    const lost = ledger.stateLost.jobs.join(", ");
    return { type, status: "False", reason: "StateLost", message: `Jobs lost with all members: ${lost || "unknown"}.` };
  }
  const gone = vanishedOf(a);
  if (!observation.jobs?.known) {
    const reason = observation.jobs?.reason ?? "not asked while no member has joined";
    const unknown = `The jobs are not known: ${reason}.`;
    if (gone) return { type, status: "False", reason: "JobsVanished", message: `${gone} ${unknown}` };
    return { type, status: "Unknown", reason: "JobsUnknown", message: unknown };
  }
  const jobs = activeJobs(observation);
  const ill = jobs.flatMap((job) => ailmentOf(job) ?? []);
  const losing = losingOf(jobs);
  const waiting = waitingOf(a);
  const message = [gone, losing, ...ill.map((each) => `${each.says}.`), ...waiting]
    .filter((text) => text !== undefined)
    .join(" ");
  if (gone) return { type, status: "False", reason: "JobsVanished", message };
  if (losing) return { type, status: "False", reason: "SnapshotIncomplete", message };
  if (ill.some((each) => each.damaged)) return { type, status: "False", reason: "SnapshotDamaged", message };
  if (ill.length > 0) return { type, status: "False", reason: "JobsNotRunning", message };
  if (waiting.length > 0) return { type, status: "False", reason: "JobsWaiting", message };
  const unchecked = jobs.flatMap((job) => (isLongUnchecked(job, observation.now) ? [nameOfJob(job)] : []));
  if (unchecked.length > 0) {
    const unknown = `Not known whether large snapshots hold all of the state: ${unchecked.join(", ")}.`;
    return { type, status: "Unknown", reason: "SnapshotUnchecked", message: unknown };
  }
  return { type, status: "True", reason: "JobsRunning", message: "Every active job runs or is suspended on request." };
}

function losingOf(jobs: readonly JobFacts[]): string | undefined {
  const losing = jobs.filter((job) => job.completeness.kind === "Incomplete");
  if (losing.length === 0) return undefined;
  const losses = losing.map((job) => `${nameOfJob(job)}: ${lossOf(job)}`).join("; ");
  return `The engine loses entries of large snapshots without an error. ${losses}. What helps: ${whatHelps}.`;
}

/** Of a job that has stopped nothing can be undone: what its last snapshot lacks is lost. */
function lossOf(job: JobFacts): string {
  const forGood = job.status === "SUSPENDED" ? "; it was suspended so: what is missing is lost" : "";
  return `${snapshotLossOf(job)}${forGood}`;
}

function isLongUnchecked({ completeness, status }: JobFacts, now: Millis): boolean {
  return status === "RUNNING" && completeness.kind === "Unchecked" && now - completeness.since > waitDeadlineMillis;
}

interface Ailment {
  readonly says: string;
  /** The engine found its snapshot incomplete or unreadable: it cannot go on by itself. */
  readonly damaged: boolean;
}

function ailmentOf(job: JobFacts): Ailment | undefined {
  const ill = (says: string, damaged = false) => ({ says: `${nameOfJob(job)} ${says}`, damaged });
  switch (job.status) {
    case "NOT_RUNNING":
      return ill(job.quorum ? `is not running (it needs ${job.quorum} members)` : "is not running");
    case "SUSPENDED":
      if (!job.suspension) return undefined;
      return ill(`was suspended by the engine: ${job.suspension}`, isDamaged(job));
    case "UNKNOWN":
      return ill("has a status that this operator does not know");
    default:
      return undefined;
  }
}

function vanishedOf({ observation, ledger }: Assessment): string | undefined {
  const vanished = ledger?.jobs?.vanished ?? [];
  if (vanished.length === 0) return undefined;
  const names = vanished.map((job) => `${nameOfJob(job)} (${job.cause ?? `missed since ${job.at}`})`).join(", ");
  const remedy = `Submit them again, then ${acceptCommand(observation, "lose-data")}`;
  return `These jobs are gone although nobody ended them: ${names}. ${remedy}.`;
}

/** Suspended by a loss or on the smaller side of a split, and why they do not go on yet. */
function waitingOf({ observation, ledger }: Assessment): string[] {
  if (!ledger) return [];
  const waiting = (ledger.jobs?.waiting ?? []).filter((job) => jobOf(observation, job.id)?.status === "SUSPENDED");
  return waiting.map((job) => {
    const unmet = waitsFor(observation, ledger, job);
    return `${nameOfJob(job)} waits to go on: ${unmet ? explain(unmet) : "about to be resumed."}`;
  });
}
