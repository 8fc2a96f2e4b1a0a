import type { Facts, SeenMember } from "./facts.ts";
import { ended, interrupted, quorumOf } from "./jobs.ts";
import type { Member } from "./member.ts";
import { ask, Refusal, Silence } from "./peers.ts";
import { type Admission, admission, type Hello } from "./recovery.ts";

const pingMillis = 1_000;
const answerMillis = 3_000;
/** As the engine's `hazelcast.connection.monitor.max.faults`: a closed port so many times in a row is a member that has gone. */
const faults = 3;

/** The cluster with one more member: protected jobs now need more than half of a larger whole. */
function withMember(facts: Facts, joiner: SeenMember): Facts {
  const returning = facts.missing.includes(joiner.uuid);
  const members = [...facts.members, joiner];
  return {
    ...facts,
    members,
    missing: facts.missing.filter((uuid) => uuid !== joiner.uuid),
    listVersion: facts.listVersion + (returning ? 0 : 1),
    jobs: facts.jobs.map((job) =>
      job.protection ? { ...job, quorum: Math.max(job.quorum, quorumOf(members.length)) } : job,
    ),
  };
}

/** In FROZEN and PASSIVE one that left is missing; else it is nobody any more. */
function withoutMembers(facts: Facts, gone: readonly string[]): Facts {
  const remembers = facts.state === "FROZEN" || facts.state === "PASSIVE";
  return {
    ...facts,
    members: facts.members.filter(({ uuid }) => !gone.includes(uuid)),
    missing: remembers ? [...facts.missing, ...gone] : facts.missing,
    listVersion: facts.listVersion + (remembers ? 0 : 1),
  };
}

/** The master's answer to one that wants in. */
export function admit(member: Member, joiner: Hello): Promise<Admission> {
  return member.alone(async () => {
    const { facts } = member;
    if (!facts || !member.isMaster) return { kind: "refuse", why: "not the master" };
    if (member.phase === "Leaving" || member.enteringPassive !== undefined)
      return { kind: "refuse", why: "busy: ask again" };
    const said = admission(facts, joiner);
    if (said.kind !== "admit") return said;
    const { uuid, address, boot } = joiner;
    member.log(`${address} joins as ${uuid}`);
    await member.change((now) => withMember(now, { uuid, address, boot }));
    return said;
  });
}

/** Takes over what the master says. @throws Refusal for what is older than what this member has, or another's. */
export function accept(member: Member, facts: Facts): void {
  const self = facts.members.find(({ uuid, boot }) => uuid === member.uuid && boot === member.boot);
  const refuse = (why: string) => new Refusal("java.lang.IllegalStateException", why);
  if (!member.isJoined) {
    if (!self) throw refuse("this process is none of the members");
    member.take(facts);
    member.phase = "Joined";
    return;
  }
  const { facts: known } = member;
  if (!known || known.clusterId !== facts.clusterId) throw refuse("a member of another cluster");
  if (facts.version < known.version) throw refuse(`version ${facts.version} is older than ${known.version}`);
  // Dropped by the others: on its way out that is what it asked for.
  if (!self) member.phase = "Ended";
  else member.take(facts);
}

/** What `ping` is answered with. */
export interface Pong {
  readonly boot: string;
  readonly joined: boolean;
}

/** Asks all others whether they are there, until `stopped` says so; the oldest that is left drops those that are not. */
export async function watch(member: Member, stopped: () => boolean): Promise<void> {
  const misses = new Map<string, number>();
  while (!stopped()) {
    await new Promise((resolve) => setTimeout(resolve, pingMillis));
    const { facts } = member;
    if (!member.isJoined || !facts) continue;
    const others = facts.members.filter(({ uuid }) => uuid !== member.uuid);
    const found = await Promise.all(
      others.map(async (other) => [other.uuid, await isGone(member, other, misses)] as const),
    );
    const gone = found.filter(([, isOut]) => isOut).map(([uuid]) => uuid);
    const oldest = facts.members.find(({ uuid }) => !gone.includes(uuid));
    if (gone.length > 0 && oldest?.uuid === member.uuid) await member.alone(() => drop(member, gone));
  }
}

async function isGone(member: Member, other: SeenMember, misses: Map<string, number>): Promise<boolean> {
  try {
    const pong = (await ask(other.address, { kind: "ping", from: member.uuid }, answerMillis)) as Pong;
    if (pong.boot !== other.boot) return true;
    if (!pong.joined && member.isMaster && member.facts) await member.tell(member.facts);
    misses.delete(other.uuid);
    member.heard.set(other.uuid, Date.now());
    return false;
  } catch (error) {
    const count = error instanceof Silence && error.gone ? (misses.get(other.uuid) ?? 0) + 1 : 0;
    misses.set(other.uuid, count);
    const since = member.heard.get(other.uuid) ?? Date.now();
    member.heard.set(other.uuid, since);
    return count >= faults || Date.now() - since > member.configuration.heartbeatSeconds * 1_000;
  }
}

/** Members that died took nobody's leave: jobs go on from their last periodic snapshot. */
async function drop(member: Member, gone: readonly string[]): Promise<void> {
  const there = member.facts?.members.filter(({ uuid }) => gone.includes(uuid)) ?? [];
  if (there.length === 0) return;
  member.log(`${there.map(({ address }) => address).join(", ")} left without a word`);
  await member.change((facts) => {
    const jobs = facts.jobs.map((job) => (isAtWork(job.status) ? interrupted(job, "NOT_RUNNING") : job));
    return withoutMembers({ ...facts, jobs }, gone);
  });
}

function isAtWork(status: string): boolean {
  return status === "RUNNING" || status === "COMPLETING";
}

/** The master lets one go: jobs take a last snapshot first. */
export function release(member: Member, uuid: string): Promise<void> {
  return member.alone(async () => {
    if (!member.isMaster) throw new Refusal("java.lang.IllegalStateException", "not the master");
    if (!member.facts?.members.some((each) => each.uuid === uuid)) return;
    member.log(`${uuid} leaves`);
    await member.change((facts) => withoutMembers(quiesced(member, facts), [uuid]));
  });
}

function quiesced(member: Member, facts: Facts): Facts {
  const jobs = facts.jobs.map((job) =>
    job.status === "RUNNING" ? ended(job, member.counts.get(job.id), "NOT_RUNNING") : job,
  );
  return { ...facts, jobs };
}

/** Leaves gracefully, as on SIGTERM: the master hands over to the next, any other asks to be let go. */
export async function leave(member: Member): Promise<void> {
  if (!member.isJoined) return;
  member.phase = "Leaving";
  const limit = Date.now() + member.configuration.gracefulSeconds * 1_000;
  while (member.phase === "Leaving" && Date.now() < limit) {
    if (member.isMaster) return member.alone(() => handOver(member));
    const master = member.view[0];
    if (!master || !member.facts?.members.some(({ uuid }) => uuid === member.uuid)) return;
    try {
      await ask(master.address, { kind: "leave", uuid: member.uuid }, answerMillis);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

/** Its own volume keeps the last word of the whole: in PASSIVE the list of the others is the same. */
async function handOver(member: Member): Promise<void> {
  const { facts } = member;
  if (!facts) return;
  if (facts.members.length === 1) return member.change((now) => quiesced(member, now));
  const rest = withoutMembers(quiesced(member, facts), [member.uuid]);
  await member.tell({ ...rest, version: facts.version + 1 });
}
