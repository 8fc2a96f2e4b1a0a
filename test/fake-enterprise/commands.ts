import { randomBytes } from "node:crypto";
import { type ClusterState, everybody, type Facts, type Job } from "./facts.ts";
import { ended, quorumOf, replace } from "./jobs.ts";
import type { Member } from "./member.ts";
import { ask, type Command, Refusal, type Submission } from "./peers.ts";

const answerMillis = 3_000;
const illegalState = "java.lang.IllegalStateException";

/** What became of a wish for another cluster state. */
export interface StateChange {
  readonly changed: boolean;
  readonly state: ClusterState;
}

/** Carries a command out; only on the master. @throws Refusal with the engine's exception */
export async function obey(member: Member, command: Command): Promise<unknown> {
  switch (command.kind) {
    case "changeState":
      return changeState(member, command.to);
    case "submit":
      return submit(member, command.job);
    case "suspend":
      return suspend(member, command.id);
    case "resume":
      return resume(member, command.id);
    case "protect":
      return protect(member, command.id, command.protection);
    default:
      return command satisfies never;
  }
}

/**
 * PASSIVE waits for the jobs' last snapshots without any limit, and meanwhile the cluster's state is what it was (seen on
 * real engines). Then every member must agree: one that does not, and nothing has changed but that the jobs start again.
 */
async function changeState(member: Member, to: ClusterState): Promise<StateChange> {
  if (member.facts?.state === to) return { changed: false, state: to };
  if (to !== "PASSIVE") {
    await member.alone(() => member.change((facts) => inState(facts, to)));
    return { changed: true, state: to };
  }
  member.enteringPassive ??= enterPassive(member).finally(() => {
    member.enteringPassive = undefined;
  });
  await member.enteringPassive;
  return { changed: true, state: to };
}

async function enterPassive(member: Member): Promise<void> {
  await member.alone(() =>
    member.change((facts) => ({
      ...facts,
      jobs: facts.jobs.map((job) => (job.status === "RUNNING" ? { ...job, status: "COMPLETING" } : job)),
    })),
  );
  const counts = new Map(member.counts);
  await snapshotsAllowed(member);
  await member.alone(async () => {
    await member.change((facts) => ({
      ...facts,
      jobs: facts.jobs.map((job) =>
        job.status === "COMPLETING" ? ended(job, counts.get(job.id), "NOT_RUNNING") : job,
      ),
    }));
    await agreed(member, "PASSIVE");
    await member.change((facts) => inState(facts, "PASSIVE"));
  });
}

async function snapshotsAllowed(member: Member): Promise<void> {
  while (member.controls.holdSnapshots) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function agreed(member: Member, to: ClusterState): Promise<void> {
  prepare(member, to);
  const others = member.view.filter(({ uuid }) => uuid !== member.uuid);
  await Promise.all(others.map(({ address }) => ask(address, { kind: "prepare", to }, answerMillis)));
}

/** This member's own word on the change. @throws Refusal */
export function prepare(member: Member, to: ClusterState): void {
  if (to === "PASSIVE" && member.controls.refusePassive) {
    throw new Refusal("com.hazelcast.transaction.TransactionException", `${member.address} refuses to become ${to}`);
  }
}

/** Leaving FROZEN or PASSIVE, the cluster gives up whom it misses. */
function inState(facts: Facts, state: ClusterState): Facts {
  if (facts.state === state) return facts;
  const locked = state === "FROZEN" || state === "PASSIVE";
  if (locked || facts.missing.length === 0) return { ...facts, state };
  return { ...facts, state, missing: [], listVersion: facts.listVersion + 1 };
}

function working(member: Member): Facts {
  const { facts } = member;
  if (!facts || facts.state === "PASSIVE") throw new Refusal(illegalState, "Cluster is in PASSIVE state!");
  return facts;
}

function jobOf(facts: Facts, id: string): Job {
  const job = facts.jobs.find((each) => each.id === id);
  if (!job) {
    const said = id.match(/.{4}/g)?.join("-") ?? id;
    throw new Refusal("com.hazelcast.jet.core.JobNotFoundException", `Job with id ${said} not found`);
  }
  return job;
}

async function submit(member: Member, { name, guarantee, protection, intervalMillis }: Submission): Promise<string> {
  const facts = working(member);
  const active = facts.jobs.filter(({ status }) => status !== "FAILED" && status !== "COMPLETED");
  if (name !== undefined && active.some((job) => job.name === name)) {
    const message = `Another active job with equal name (${name}) exists`;
    throw new Refusal("com.hazelcast.jet.JobAlreadyExistsException", message);
  }
  const id = `0${randomBytes(8).toString("hex").slice(1)}`;
  const quorum = protection ? quorumOf(everybody(facts).length) : 0;
  const job: Job = {
    ...{ id, guarantee, protection, intervalMillis, quorum, ...(name !== undefined && { name }) },
    ...{ status: "NOT_RUNNING", submittedAt: Date.now(), executed: false, emitted: 0, executions: [], resumes: 0 },
  };
  await member.alone(() => member.change((now) => ({ ...now, jobs: [...now.jobs, job] })));
  return id;
}

/** Answers at once: that the job is suspended shows later, after its last snapshot. */
async function suspend(member: Member, id: string): Promise<void> {
  const job = jobOf(working(member), id);
  if (job.status !== "RUNNING") {
    throw new Refusal(illegalState, `Cannot SUSPEND_GRACEFUL, job status is ${job.status}, should be RUNNING`);
  }
  const count = member.counts.get(id);
  await member.alone(() => replace(member, { ...job, status: "COMPLETING" }));
  void snapshotsAllowed(member).then(() =>
    member.alone(async () => {
      const now = member.facts?.jobs.find((each) => each.id === id);
      if (now?.status === "COMPLETING") await replace(member, { ...ended(now, count, "SUSPENDED"), suspension: "" });
    }),
  );
}

/** Silently nothing for one that is not suspended. */
async function resume(member: Member, id: string): Promise<void> {
  const job = jobOf(working(member), id);
  if (job.status !== "SUSPENDED") return;
  const { suspension: _, ...rest } = job;
  await member.alone(() => replace(member, { ...rest, status: "NOT_RUNNING", resumes: job.resumes + 1 }));
}

async function protect(member: Member, id: string, protection: boolean): Promise<Job> {
  const facts = working(member);
  const job = jobOf(facts, id);
  if (job.status !== "SUSPENDED") throw new Refusal(illegalState, `Job not suspended, but ${job.status}`);
  const changed = { ...job, protection, quorum: protection ? quorumOf(facts.members.length) : 0 };
  await member.alone(() => replace(member, changed));
  return changed;
}
