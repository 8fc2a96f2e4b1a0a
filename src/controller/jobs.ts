import { maxReplicas } from "../api/limits.ts";
import { port } from "../api/names.ts";
import type { Completeness, JobFacts, JobsFacts, KnownMember, SnapshotFacts } from "../core/evidence/observation.ts";
import { hostOf } from "../core/evidence/views.ts";
import type { ExecutionRecord } from "../engine/job-data.ts";
import type { Asked, EngineJobs, Job, JobDetails, JobList } from "../engine/jobs.ts";
import type { SnapshotQuestion, SnapshotSource } from "./snapshots.ts";

/**
 * At rest a list is this old at most before the next is asked for; while something moves each pass asks. Each connection
 * makes three lines in the member's log, so it is not asked more often than people look.
 */
const restMillis = 30_000;

export interface JobSource {
  /**
   * What the engine says of its jobs. A list counts once a second one with the same jobs came from the same cluster and
   * master: right after a master's death an engine answers none, without an error (seen on real engines).
   */
  observe(key: string, question: JobQuestion, signal: AbortSignal): Promise<JobsFacts>;
  forget(key: string): void;
}

export interface JobQuestion {
  /** Members that have joined. */
  readonly members: readonly KnownMember[];
  readonly clusterName: string;
  /** Nothing is under way: an answer of some seconds ago will do. */
  readonly quiet: boolean;
}

interface Memory {
  readonly at: number;
  /** UUIDs of the members that there were then: with others the jobs may be others. */
  readonly members: string;
  readonly list: JobList;
  readonly facts: JobsFacts;
}

/** By job: its snapshot when it was last seen neither suspended nor on its way there. */
type LastActive = Map<string, NonNullable<JobFacts["lastActive"]>>;

export function createJobSource(jobs: EngineJobs, snapshots: SnapshotSource, now: () => number): JobSource {
  const memories = new Map<string, Memory>();
  const active = new Map<string, LastActive>();
  return {
    async observe(key, question, signal) {
      const before = memories.get(key);
      const confirmed = before?.facts.known === true;
      const members = membersOf(question);
      const fresh = before?.members === members && now() - before.at < restMillis;
      if (before && confirmed && question.quiet && fresh) return withLatest(before.facts, key, snapshots);
      const asked = askedOf(question);
      if (!asked) return { known: false, reason: "no member that has joined" };
      const list = await jobs.list(asked, signal);
      if (!list.known) {
        memories.delete(key);
        return { known: false, reason: list.reason };
      }
      const facts = sameJobs(before?.list, list.value)
        ? withLastActive(
            await detailed({ jobs, snapshots, key }, asked, viewSize(question), list.value, signal),
            lastActiveOf(active, key),
          )
        : ({ known: false, reason: "asked once; a second equal answer is waited for" } as const);
      memories.set(key, { at: now(), members, list: list.value, facts });
      return facts;
    },
    forget(key) {
      for (const each of [key, ...sideKeys(key)]) {
        memories.delete(each);
        active.delete(each);
        snapshots.forget(each);
      }
    },
  };
}

function membersOf({ members }: JobQuestion): string {
  return members
    .map((member) => member.uuid)
    .sort()
    .join(" ");
}

/** Sides of a split are asked under keys of their own; a cluster has less than half as many smaller sides as members. */
export function sideKeys(key: string): string[] {
  return Array.from({ length: maxReplicas }, (_, index) => `${key}/side-${index}`);
}

function lastActiveOf(all: Map<string, LastActive>, key: string): LastActive {
  const found = all.get(key) ?? new Map();
  all.set(key, found);
  return found;
}

/** Kept over lists that are not known: what a job did before a loss is what tells who suspended it. */
function withLastActive(facts: JobsFacts, lastActive: LastActive): JobsFacts {
  if (!facts.known) return facts;
  const jobs = facts.jobs.map((job) => ({ ...job, lastActive: lastActive.get(job.id) }));
  const listed = new Set(jobs.map((job) => job.id));
  for (const id of lastActive.keys()) if (!listed.has(id)) lastActive.delete(id);
  for (const { id, status, suspension, snapshot, recordedAt } of jobs) {
    const moves = status === "RUNNING" || status === "NOT_RUNNING" || status === "STARTING";
    if (moves && suspension === undefined && recordedAt !== undefined) lastActive.set(id, { snapshot });
  }
  return { ...facts, jobs };
}

/** Any member may be asked; the master answers without asking another. */
export function askedOf({ members, clusterName }: Pick<JobQuestion, "members" | "clusterName">): Asked | undefined {
  const first = members[0];
  const master = first && members.find((member) => member.uuid === first.view[0]?.uuid);
  const asked = master ?? first;
  const own = asked?.view.find((member) => member.uuid === asked.uuid);
  return own && { address: { host: hostOf(own.address), port: port.member }, clusterName };
}

/** As a member sees it: one that does not answer for a moment is still one of them. */
function viewSize({ members }: JobQuestion): number {
  return members[0]?.view.length ?? 0;
}

function sameJobs(before: JobList | undefined, now: JobList): boolean {
  const ids = (list: JobList) =>
    list.jobs
      .map((job) => job.id)
      .sort()
      .join(" ");
  return before?.clusterId === now.clusterId && before.master === now.master && ids(before) === ids(now);
}

/** Comparisons go on between passes: what they found out is younger than the list. */
function withLatest(facts: JobsFacts, key: string, snapshots: SnapshotSource): JobsFacts {
  if (!facts.known) return facts;
  return {
    ...facts,
    jobs: facts.jobs.map((job) => ({ ...job, completeness: snapshots.latest(key, job.id) ?? job.completeness })),
  };
}

interface Sources {
  readonly jobs: EngineJobs;
  readonly snapshots: SnapshotSource;
  readonly key: string;
}

async function detailed(
  { jobs, snapshots, key }: Sources,
  asked: Asked,
  members: number,
  list: JobList,
  signal: AbortSignal,
): Promise<JobsFacts> {
  const kept = list.jobs.filter((job) => !job.light);
  const active = kept.filter((job) => job.status !== "COMPLETED" && job.status !== "FAILED");
  const details =
    active.length > 0
      ? await jobs.details(
          asked,
          active.map((job) => job.id),
          signal,
        )
      : undefined;
  if (details && !details.known) return { known: false, reason: details.reason };
  const questions = active.map((job) => snapshotQuestion(job, details?.value.get(job.id)));
  const found = snapshots.look(key, { asked, members }, questions);
  return {
    known: true,
    clusterId: list.clusterId,
    jobs: kept.map((job) => factsOf(job, details?.value.get(job.id), found.get(job.id))),
  };
}

function snapshotQuestion({ id, status }: Job, details: JobDetails | undefined): SnapshotQuestion {
  const config = configOf(details);
  return {
    id,
    running: status === "RUNNING",
    keepsState: config && config.guarantee !== "NONE",
    intervalMillis: config?.snapshotIntervalMillis,
    record: details?.record ?? { known: false, reason: "not asked" },
  };
}

function configOf(details: JobDetails | undefined) {
  return details?.config.known ? details.config.value : undefined;
}

function factsOf(job: Job, details: JobDetails | undefined, completeness: Completeness | undefined): JobFacts {
  const config = configOf(details);
  const record = details?.record.known ? details.record.value : undefined;
  // The list is a moment older than the record.
  const suspension = job.suspension ?? record?.suspension;
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    protected: config?.splitBrainProtection,
    quorum: record?.quorumSize,
    keepsState: config && config.guarantee !== "NONE",
    suspension: suspension && (suspension.by === "User" ? "" : suspension.cause),
    failure: job.failure,
    autoScaling: config?.autoScaling,
    snapshotInterval: config?.snapshotIntervalMillis,
    snapshot: snapshotOf(record),
    recordedAt: record?.timestamp,
    lastActive: undefined,
    completeness: completeness ?? { kind: "Small", chunks: 0 },
  };
}

function snapshotOf(record: ExecutionRecord | undefined): SnapshotFacts | undefined {
  const stats = record?.snapshot?.stats;
  return stats && { id: stats.snapshotId, startedAt: stats.startedAt, endedAt: stats.endedAt };
}
