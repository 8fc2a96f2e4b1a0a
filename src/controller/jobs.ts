import { port } from "../api/names.ts";
import type { JobFacts, JobsFacts, KnownMember } from "../core/evidence/observation.ts";
import { hostOf } from "../core/evidence/views.ts";
import type { Asked, EngineJobs, Job, JobDetails, JobList } from "../engine/jobs.ts";

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
  readonly list: JobList;
  readonly facts: JobsFacts;
}

export function createJobSource(jobs: EngineJobs, now: () => number): JobSource {
  const memories = new Map<string, Memory>();
  return {
    async observe(key, question, signal) {
      const before = memories.get(key);
      const confirmed = before?.facts.known === true;
      if (before && confirmed && question.quiet && now() - before.at < restMillis) return before.facts;
      const asked = askedOf(question);
      if (!asked) return { known: false, reason: "no member that has joined" };
      const list = await jobs.list(asked, signal);
      if (!list.known) {
        memories.delete(key);
        return { known: false, reason: list.reason };
      }
      const facts = sameJobs(before?.list, list.value)
        ? await detailed(jobs, asked, list.value, signal)
        : ({ known: false, reason: "asked once; a second equal answer is waited for" } as const);
      memories.set(key, { at: now(), list: list.value, facts });
      return facts;
    },
    forget: (key) => void memories.delete(key),
  };
}

/** Any member may be asked; the master answers without asking another. */
export function askedOf({ members, clusterName }: Pick<JobQuestion, "members" | "clusterName">): Asked | undefined {
  const first = members[0];
  const master = first && members.find((member) => member.uuid === first.view[0]?.uuid);
  const asked = master ?? first;
  const own = asked?.view.find((member) => member.uuid === asked.uuid);
  return own && { address: { host: hostOf(own.address), port: port.member }, clusterName };
}

function sameJobs(before: JobList | undefined, now: JobList): boolean {
  const ids = (list: JobList) =>
    list.jobs
      .map((job) => job.id)
      .sort()
      .join(" ");
  return before?.clusterId === now.clusterId && before.master === now.master && ids(before) === ids(now);
}

async function detailed(jobs: EngineJobs, asked: Asked, list: JobList, signal: AbortSignal): Promise<JobsFacts> {
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
  return {
    known: true,
    clusterId: list.clusterId,
    jobs: kept.map((job) => factsOf(job, details?.value.get(job.id))),
  };
}

function factsOf(job: Job, details: JobDetails | undefined): JobFacts {
  const config = details?.config.known ? details.config.value : undefined;
  const record = details?.record.known ? details.record.value : undefined;
  const suspension = job.suspension;
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    protected: config?.splitBrainProtection,
    quorum: record?.quorumSize,
    keepsState: config && config.guarantee !== "NONE",
    suspension: suspension && (suspension.by === "User" ? "" : suspension.cause),
  };
}
