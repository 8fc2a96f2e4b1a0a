import { excerpt } from "./answer.ts";
import { inBatches } from "./batches.ts";
import { readJobConfig, readSuspensionCause, type Suspension, suspensionOf } from "./job-data.ts";
import { type JobId, jobIdOf } from "./job-id.ts";
import type { Conversation } from "./protocol/connection.ts";
import { EngineError } from "./protocol/errors.ts";
import {
  type JobSummary,
  jobConfig,
  jobIds,
  jobStatus,
  jobSubmissionTime,
  jobSummaries,
  jobSuspensionCause,
  membersEvent,
  membersListener,
  readMembers,
} from "./protocol/messages.ts";
import { atLeast, isPlatform } from "./server-version.ts";

/** In the order of the engine's numbers. COMPLETING: on its way into another status; a pending suspension shows so too. */
const statuses = [
  "NOT_RUNNING",
  "STARTING",
  "RUNNING",
  "SUSPENDED",
  "SUSPENDED_EXPORTING_SNAPSHOT",
  "COMPLETING",
  "FAILED",
  "COMPLETED",
] as const;

/** UNKNOWN stands for a number that this operator does not know: no reason to do anything to the job. */
export type JobStatus = (typeof statuses)[number] | "UNKNOWN";

export interface Job {
  readonly id: JobId;
  /** Printable, at most 256 characters; undefined for a job without one. Not unique among ended jobs. */
  readonly name: string | undefined;
  readonly status: JobStatus;
  /** Runs without records, snapshots and coordination: nothing of it can be kept. */
  readonly light: boolean;
  /** Milliseconds since the epoch. */
  readonly submittedAt: number;
  /** Undefined where the engine cannot say (before 5.3). */
  readonly userCancelled: boolean | undefined;
  /** Of a suspended job. */
  readonly suspension: Suspension | undefined;
  /** Of a failed job: the first characters of the engine's words (from 5.2 on). */
  readonly failure: string | undefined;
}

export interface JobList {
  readonly clusterId: string;
  /** UUID of the master, as the member asked sees it. */
  readonly master: string | undefined;
  readonly jobs: readonly Job[];
}

/** Asks for the jobs, in the way the member's version knows. */
export async function listJobs(talk: Conversation): Promise<JobList> {
  const { clusterId, serverVersion } = talk.peer;
  await talk.ask(membersListener);
  const [master] = readMembers(await talk.event(membersEvent));
  const jobs = atLeast(serverVersion, 5, 2) ? await bySummary(talk) : await oneByOne(talk);
  return { clusterId, master: master?.uuid, jobs };
}

async function bySummary(talk: Conversation): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const summary of await talk.ask(jobSummaries)) {
    const id = jobIdOf(summary.id);
    const status = statuses[summary.status] ?? "UNKNOWN";
    jobs.push({
      id,
      name: summary.nameOrId === id ? undefined : printable(summary.nameOrId),
      status,
      light: summary.light,
      submittedAt: summary.submittedAt,
      userCancelled: summary.userCancelled,
      suspension: status === "SUSPENDED" ? await suspensionOfSummary(talk, summary) : undefined,
      failure: status === "FAILED" && summary.failure ? excerpt(summary.failure) : undefined,
    });
  }
  return jobs;
}

/** 5.2 does not send the cause with the list. */
async function suspensionOfSummary(talk: Conversation, summary: JobSummary): Promise<Suspension | undefined> {
  if (summary.userCancelled === undefined) return suspensionOfJob(talk, summary.id);
  return summary.suspensionCause === undefined ? undefined : suspensionOf(summary.suspensionCause);
}

const noJob = "JobNotFoundException";
const notSuspended = "IllegalStateException";

async function suspensionOfJob(talk: Conversation, id: bigint): Promise<Suspension | undefined> {
  const data = await unless([noJob, notSuspended], () => talk.ask(jobSuspensionCause(id)));
  return data && readSuspensionCause(data);
}

/** Stand-alone Jet 4.x: each job has to be asked for. One that is gone meanwhile is left out. */
async function oneByOne(talk: Conversation): Promise<Job[]> {
  const ids = await talk.ask(jobIds);
  const jobs = await inBatches(ids, (id) => unless([noJob], () => jobOf(talk, id)));
  return jobs.filter((job) => job !== undefined);
}

async function jobOf(talk: Conversation, id: bigint): Promise<Job> {
  const platform = isPlatform(talk.peer.serverVersion);
  const status = statuses[await talk.ask(jobStatus(id))] ?? "UNKNOWN";
  const { name } = readJobConfig(await talk.ask(jobConfig(id, platform)));
  return {
    id: jobIdOf(id),
    name: name === undefined ? undefined : printable(name),
    status,
    light: false,
    submittedAt: await talk.ask(jobSubmissionTime(id, platform)),
    userCancelled: undefined,
    suspension: status === "SUSPENDED" ? await suspensionOfJob(talk, id) : undefined,
    failure: undefined,
  };
}

/** Undefined where the engine answers with one of these exceptions: what was asked about is gone meanwhile. */
async function unless<T>(gone: readonly string[], question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof EngineError && gone.includes(error.kind)) return undefined;
    throw error;
  }
}

const nameLimit = 256;

function printable(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
  return clean.length > nameLimit ? `${clean.slice(0, nameLimit - 1)}…` : clean;
}
