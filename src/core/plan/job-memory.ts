import { jobOf, nameOfJob } from "../evidence/jobs.ts";
import type { JobFacts, Millis, Observation } from "../evidence/observation.ts";
import { isSameAsWhenActive, snapshotStamp, standsOn, wasLossSuspended } from "../evidence/suspension.ts";
import { singleView, type View, viewsOf } from "../evidence/views.ts";
import type { JobMemory, Ledger, WaitingJob } from "../ledger.ts";
import { rememberJobs } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import type { Step } from "./step.ts";
import { isOfThisCluster, vanishedNow } from "./vanished.ts";

export const nothingRemembered: JobMemory = { waiting: [], vanished: [] };

/**
 * Keeps the ledger's memory of jobs up to date: one write where what is seen differs from it. It holds up nothing that is
 * under way, and decides nothing but what may be forgotten.
 */
export function keepJobMemory(observation: Observation, ledger: Ledger): Step | undefined {
  const before = ledger.jobs ?? nothingRemembered;
  const now = memoryNow(observation, ledger, before);
  if (JSON.stringify(sorted(now)) === JSON.stringify(sorted(before))) return undefined;
  const jobs = isEmpty(now) ? undefined : sorted(now);
  const next = rememberJobs(ledger, jobs);
  return effect(observation, { kind: "WriteLedger", ledger: next }, changeOf(before, now));
}

function memoryNow(observation: Observation, ledger: Ledger, before: JobMemory): JobMemory {
  const views = viewsOf(observation);
  const view = singleView(views);
  // A divided cluster is not settled, whatever was seen before; what its sides say of jobs is no news of the whole.
  if (!view) return views.views.length > 1 ? withSettled(before, undefined) : before;
  if (!isOfThisCluster(observation, ledger)) return before;
  const whole = firstUnmet(observation, [...settled, safe]) === undefined;
  const still = whole ? before.waiting.filter((job) => waitsOn(job, observation)) : before.waiting;
  const waiting = [...still, ...suspendedByLoss(observation, ledger, before, view)];
  const unscaled = unscaledNow(observation, before.unscaled, view, whole);
  const next: JobMemory = {
    waiting,
    ...(unscaled && { unscaled }),
    vanished: whole ? vanishedNow(observation, ledger, before.vanished) : before.vanished,
  };
  return withSettled(next, waiting.length === 0 ? undefined : settledNow(observation, before.settled, view, whole));
}

/**
 * Judged only where all members are one view: a silent part of the cluster may have a copy. Forgotten are jobs that run,
 * have ended or are gone, are damaged, or have run since and were suspended by somebody.
 */
function waitsOn(waiting: WaitingJob, observation: Observation): boolean {
  const job = jobOf(observation, waiting.id);
  if (!job || job.status === "RUNNING" || hasEnded(job)) return false;
  if (job.status !== "SUSPENDED") return true;
  if (job.suspension) return false;
  // A side that was asked to suspend it and never heard again: this may be its copy.
  const unheard = (waiting.asked?.length ?? 0) > waiting.snapshots.length;
  return waiting.snapshots.length === 0 || unheard || standsOn(job, waiting);
}

/** Runs without auto-scaling, is suspended, somebody on whom it ran is missing, and no operation of ours has it. */
function suspendedByLoss(observation: Observation, ledger: Ledger, before: JobMemory, view: View): WaitingJob[] {
  const others = [...before.waiting, ...(ledger.operation?.jobs ?? [])].map((job) => job.id);
  const jobs = observation.jobs?.known ? observation.jobs.jobs : [];
  return jobs.flatMap((job) => {
    if (job.status !== "SUSPENDED" || job.suspension || job.autoScaling !== false || others.includes(job.id)) return [];
    const listed = before.unscaled?.jobs.includes(job.id) ?? false;
    const ranOn = (listed ? before.unscaled?.members : ledger.members) ?? [];
    if (!somebodyIsMissing(ranOn, view) || !(listed || isFreshLoss(job, observation))) return [];
    const certain = listed ? wasLossSuspended(job) : isSameAsWhenActive(job);
    const snapshots = certain ? [snapshotStamp(job) ?? "none"] : [];
    const name = job.name === undefined ? {} : { name: job.name };
    return [{ id: job.id, ...name, by: "MemberLoss" as const, size: ranOn.length, snapshots }];
  });
}

/**
 * Jobs without auto-scaling that run until a stop of the whole cluster: when it starts again the engine has them suspended
 * (seen on real engines). By the snapshot that they have taken for the stop it shows later that nobody else did it.
 */
export function jobsAfterStop(observation: Observation, ledger: Ledger): JobMemory | undefined {
  if (!ledger.jobs) return undefined;
  const { unscaled = { members: [], jobs: [] }, settled: _, ...memory } = ledger.jobs;
  const waiting = unscaled.jobs.flatMap((id): WaitingJob[] => {
    const job = jobOf(observation, id);
    if (job && (job.status === "SUSPENDED" || hasEnded(job))) return [];
    const name = job?.name === undefined ? {} : { name: job.name };
    const stamp = job?.status === "NOT_RUNNING" ? snapshotStamp(job) : undefined;
    return [{ id, ...name, by: "Stop", size: unscaled.members.length, snapshots: stamp === undefined ? [] : [stamp] }];
  });
  return sorted({ ...memory, waiting: [...memory.waiting, ...waiting] });
}

/** For a job that was never remembered: it began to run a moment before the loss, or the operator was away. */
const freshMillis: Millis = 300_000;

function isFreshLoss(job: JobFacts, { now }: Observation): boolean {
  return wasLossSuspended(job) && now - (job.recordedAt ?? 0) < freshMillis;
}

/**
 * A job that has neither run on nor been suspended after a loss (the engine takes some seconds over it) is kept with the
 * members on whom it ran. One that was suspended a while ago, and all of these are there, was suspended by its user.
 */
function unscaledNow(
  observation: Observation,
  before: JobMemory["unscaled"],
  view: View,
  whole: boolean,
): JobMemory["unscaled"] {
  const jobs = observation.jobs?.known ? observation.jobs.jobs : [];
  const fixed = jobs.filter((job) => job.autoScaling === false && job.keepsState === true);
  const alone = before && somebodyIsMissing(before.members, view);
  const decided = (job: JobFacts) =>
    hasEnded(job) || (job.status === "SUSPENDED" && (alone || stands(job, observation)));
  const kept = fixed.filter((job) => before?.jobs.includes(job.id) && !decided(job));
  if (!whole || kept.some((job) => job.status !== "RUNNING")) {
    return before && kept.length > 0 ? { members: before.members, jobs: idsOf(kept) } : undefined;
  }
  const running = fixed.filter((job) => job.status === "RUNNING");
  if (running.length === 0) return undefined;
  return { members: view.members.map((member) => member.uuid).sort(), jobs: idsOf(running) };
}

/** The members were asked a moment before the jobs: a suspension may be news of a loss that they have not told of. */
const newsMillis: Millis = 60_000;

function stands({ recordedAt, suspension }: JobFacts, { now }: Observation): boolean {
  return suspension !== "" || (recordedAt !== undefined && now - recordedAt > newsMillis);
}

function settledNow(
  observation: Observation,
  before: JobMemory["settled"],
  view: View,
  whole: boolean,
): JobMemory["settled"] {
  // In the order in which they joined: one with a volume that went and came back has its old id, and is the last.
  const members = view.members.map((member) => member.uuid);
  const same = before !== undefined && before.members.join() === members.join();
  if (same) return before;
  return whole ? { since: timeOf(observation), members } : undefined;
}

function withSettled({ settled: _, ...memory }: JobMemory, now: JobMemory["settled"]): JobMemory {
  return { ...memory, ...(now && { settled: now }) };
}

function somebodyIsMissing(members: readonly string[], view: View): boolean {
  return members.some((uuid) => !view.members.some((member) => member.uuid === uuid));
}

function hasEnded({ status }: JobFacts): boolean {
  return status === "COMPLETED" || status === "FAILED";
}

function idsOf(jobs: readonly JobFacts[]): string[] {
  return jobs.map((job) => job.id).sort();
}

function isEmpty({ waiting, unscaled, vanished }: JobMemory): boolean {
  return waiting.length === 0 && vanished.length === 0 && unscaled === undefined;
}

/** The same memory as the same text. */
function sorted({ waiting, unscaled, vanished, settled: since }: JobMemory): JobMemory {
  return {
    waiting: [...waiting].sort(byId),
    ...(unscaled && { unscaled }),
    vanished: [...vanished].sort(byId),
    ...(since && { settled: since }),
  };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

/** What a person should read of it. */
function changeOf(before: JobMemory, now: JobMemory): string {
  const gone = now.vanished.filter((job) => !before.vanished.some((each) => each.id === job.id));
  if (gone.length > 0) return `the engine does not know these jobs any more: ${gone.map(nameOfJob).join(", ")}`;
  const fresh = now.waiting.filter((job) => !before.waiting.some((each) => each.id === job.id));
  if (fresh.length > 0) return `suspended when a member was lost: ${fresh.map(nameOfJob).join(", ")}`;
  const over = before.waiting.filter((job) => !now.waiting.some((each) => each.id === job.id));
  if (over.length > 0) return `no longer waiting to go on: ${over.map(nameOfJob).join(", ")}`;
  return "keeping in mind which jobs run, and where";
}
