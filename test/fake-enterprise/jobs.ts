import type { Facts, Job, Snapshot } from "./facts.ts";
import type { Member } from "./member.ts";

/** Entries that a job gives to each snapshot. */
const keysPerSnapshot = 10;
const tickMillis = 100;
/** A job starts when nothing has kept it from it for so long. */
const quietMillis = 1_000;
/** `scale-up-delay-millis` of the engine, its default: then a job takes new members in. */
const scaleUpMillis = 10_000;

/** Members without which a protected job does not start. */
export function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The job with one more snapshot of what it has counted; unchanged without a guarantee, which takes none. */
function snapshotted(job: Job, value: number): Job {
  if (job.guarantee === "NONE") return job;
  const now = Date.now();
  const id = (job.snapshot?.id ?? -1) + 1;
  const snapshot: Snapshot = { id, value, startedAt: now - 2, endedAt: now, keys: keysPerSnapshot };
  return { ...job, snapshot, emitted: job.emitted + keysPerSnapshot };
}

/** The job after its execution has ended gracefully: with a last snapshot, from which the next one goes on. */
export function ended(job: Job, count: number | undefined, status: Job["status"]): Job {
  if (count === undefined) return interrupted(job, status);
  const { snapshot, ...saved } = snapshotted(job, count);
  const executions = job.executions.map((each, index) =>
    index === job.executions.length - 1 && each.to === undefined ? { ...each, to: count } : each,
  );
  return { ...saved, ...(snapshot && { snapshot }), executions, status };
}

/** The job after its execution has broken off: what it counted since its last snapshot is gone. */
export function interrupted(job: Job, status: Job["status"]): Job {
  return { ...job, status };
}

function begun(job: Job, members: number): Job {
  const from = job.snapshot?.value ?? 0;
  const execution = { id: job.executions.length + 1, from, members, startedAt: Date.now() };
  return { ...job, status: "RUNNING", executed: true, emitted: 0, executions: [...job.executions, execution] };
}

/** A job that has not ended and is not suspended runs as soon as it may, as the engine has it. */
const waiting: readonly Job["status"][] = ["NOT_RUNNING", "STARTING"];

/** Runs the jobs of the cluster while this member is its master. Answers when `stopped` says so. */
export async function coordinate(member: Member, stopped: () => boolean): Promise<void> {
  let quietSince = Date.now();
  let members = "";
  let membersSince = Date.now();
  while (!stopped()) {
    await new Promise((resolve) => setTimeout(resolve, tickMillis));
    const { facts } = member;
    if (!member.isMaster || !facts) {
      member.counts.clear();
      continue;
    }
    const now = Date.now();
    if (!mayStart(member, facts)) quietSince = now;
    const list = facts.members.map(({ uuid }) => uuid).join();
    if (list !== members) membersSince = now;
    members = list;
    const timing = { start: now - quietSince >= quietMillis, scale: now - membersSince >= scaleUpMillis };
    for (const job of facts.jobs) await member.alone(() => tick(member, job.id, timing));
  }
}

function mayStart(member: Member, facts: Facts): boolean {
  return (
    facts.state !== "PASSIVE" && member.enteringPassive === undefined && member.phase === "Joined" && member.isSafe
  );
}

interface Timing {
  readonly start: boolean;
  readonly scale: boolean;
}

async function tick(member: Member, id: string, timing: Timing): Promise<void> {
  const job = member.facts?.jobs.find((each) => each.id === id);
  if (!job || !member.facts || !member.isMaster) return;
  const size = member.facts.members.length;
  if (job.status === "RUNNING") return count(member, job, timing.scale && job.executions.at(-1)?.members !== size);
  member.counts.delete(job.id);
  if (!timing.start || !waiting.includes(job.status) || size < job.quorum) return;
  await replace(member, begun(job, size));
  member.counts.set(job.id, job.snapshot?.value ?? 0);
}

async function count(member: Member, job: Job, rescale: boolean): Promise<void> {
  const before = member.counts.get(job.id);
  // Another member was master when it began: what it had counted since its last snapshot went with it.
  if (before === undefined) return replace(member, interrupted(job, "NOT_RUNNING"));
  const now = before + 1;
  member.counts.set(job.id, now);
  if (rescale) return replace(member, ended(job, now, "NOT_RUNNING"));
  const last = job.snapshot?.endedAt ?? job.executions.at(-1)?.startedAt ?? 0;
  if (job.guarantee !== "NONE" && !member.controls.holdSnapshots && Date.now() - last >= job.intervalMillis) {
    await replace(member, snapshotted(job, now));
  }
}

/** Puts the changed job in the place of the old one. */
export function replace(member: Member, job: Job): Promise<void> {
  return member.change((facts) => ({
    ...facts,
    jobs: facts.jobs.map((each) => (each.id === job.id ? job : each)),
  }));
}
