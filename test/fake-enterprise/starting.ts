import { randomUUID } from "node:crypto";
import { lookup } from "node:dns/promises";
import { assembled, type Shares } from "./disk.ts";
import { type Facts, newFacts } from "./facts.ts";
import type { Member } from "./member.ts";
import { ask, Silence } from "./peers.ts";
import { type Admission, decide, type Hello } from "./recovery.ts";

const lookMillis = 250;
const answerMillis = 2_000;

/** The members of the volumes are not all there: the process ends, and whoever started it may start it again. */
export class ValidationFailed extends Error {
  override readonly name = "ValidationFailed";
}

/** Looks for others until this member is one of a cluster. @throws ValidationFailed */
export async function start(member: Member): Promise<void> {
  const began = Date.now();
  const limit = member.configuration.persistence?.validationSeconds;
  const settleMillis = member.configuration.joinSeconds * 1_000;
  const search = { known: new Set<string>(), changedAt: began };
  let said = "";
  while (!member.isJoined) {
    const why = await tryOnce(member, await others(member, search), Date.now() - search.changedAt > settleMillis);
    if (why !== undefined && why !== said) member.log(`starting: ${why}`);
    said = why ?? said;
    if (member.phase === "Recovering" && limit !== undefined && Date.now() - began > limit * 1_000) {
      throw new ValidationFailed(
        `Hot Restart procedure failed: not all expected members have joined within ${limit} seconds; ${said}`,
      );
    }
    if (!member.isJoined) await new Promise((resolve) => setTimeout(resolve, lookMillis));
  }
  member.log(`joined as ${member.uuid}: {${member.view.map(({ address }) => address).join(", ")}}`);
}

/** @returns why it is not one yet; undefined when it is. */
async function tryOnce(member: Member, found: readonly Hello[], settled: boolean): Promise<string | undefined> {
  // A joining member is made one by the master's facts, at any moment.
  if (member.isJoined) return undefined;
  const decision = decide(member.hello(), found, settled);
  switch (decision.kind) {
    case "wait":
      return decision.why;
    case "form":
      member.take(newFacts(randomUUID(), member.self));
      member.phase = "Joined";
      return undefined;
    case "join":
      return join(member, decision.master);
    case "recover":
      return recover(member, decision.members);
    default:
      return decision satisfies never;
  }
}

async function join(member: Member, master: string): Promise<string | undefined> {
  try {
    const said = (await ask(master, { kind: "join", joiner: member.hello() }, answerMillis)) as Admission;
    if (said.kind === "refuse") return said.why;
    if (said.kind === "admit") return undefined;
    if (!member.configuration.persistence?.autoRemoveStaleData) {
      throw new ValidationFailed("the cluster runs without this member, whose data are of the past");
    }
    member.log("the cluster runs without this member: its data are of the past and are removed");
    member.beginAnew();
    return "beginning anew";
  } catch (error) {
    if (error instanceof Silence) return error.message;
    throw error;
  }
}

/** Everybody is back: the newest facts, and the jobs' state from everybody's part of it. */
async function recover(member: Member, members: readonly Hello[]): Promise<string | undefined> {
  const facts = members.reduce<Facts | undefined>(
    (newest, { facts: each }) => (each && each.version > (newest?.version ?? 0) ? each : newest),
    undefined,
  );
  if (!facts) return "nothing to recover";
  try {
    const rest = members.filter(({ uuid }) => uuid !== member.uuid);
    const parts = await Promise.all(rest.map(({ address }) => ask(address, { kind: "shares" }, answerMillis)));
    const jobs = facts.jobs.map((job) => stopped(assembled(job, [member.shares, ...(parts as Shares[])])));
    const view = members.map(({ uuid, address, boot }) => ({ uuid, address, boot }));
    const whole = { ...facts, version: facts.version + 1, members: view, missing: [], jobs };
    member.take(whole);
    member.phase = "Joined";
    await member.tell(whole);
    member.log(`recovered cluster ${whole.clusterId} of ${members.length} members, ${whole.state}`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What ran when the cluster went runs no more. */
function stopped(job: Facts["jobs"][number]): Facts["jobs"][number] {
  const over = ["SUSPENDED", "FAILED", "COMPLETED"].includes(job.status);
  return over ? job : { ...job, status: "NOT_RUNNING", emitted: 0 };
}

interface Search {
  readonly known: Set<string>;
  changedAt: number;
}

async function others(member: Member, search: Search): Promise<Hello[]> {
  const hosts = await hostsOf(member);
  const asked = await Promise.allSettled(
    hosts
      .filter((host) => host !== member.configuration.host)
      .map((host) => ask(`[${host}]:${member.configuration.port}`, { kind: "hello" }, answerMillis)),
  );
  const found = asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value as Hello] : []));
  for (const { uuid } of found) {
    if (!search.known.has(uuid)) search.changedAt = Date.now();
    search.known.add(uuid);
  }
  return found;
}

/** The system's own resolver: the name has no cluster domain, the pod's search list completes it. */
async function hostsOf({ configuration: { discovery } }: Member): Promise<readonly string[]> {
  if (discovery.kind === "list") return discovery.hosts;
  // A name that leads nowhere yet: nobody is there, asked again.
  const found = await lookup(discovery.name, { all: true, family: 4 }).catch(() => []);
  return found.map(({ address }) => address);
}
