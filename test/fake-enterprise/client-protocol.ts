import type { Socket } from "node:net";
import { partitionOf } from "../../src/engine/protocol/data.ts";
import { type Field, intField, longField, uuidField } from "../../src/engine/protocol/fields.ts";
import type { Incoming } from "../../src/engine/protocol/message.ts";
import { answer, membersReplyOf, type Reply, serveProtocol, summary } from "../unit/engine/fake-member.ts";
import { obey } from "./commands.ts";
import { clusterStates, type Job, jobStatuses } from "./facts.ts";
import { configData, metricsData, recordData, suspensionData } from "./job-bytes.ts";
import type { Member } from "./member.ts";
import { type Command, endpointOf, Refusal } from "./peers.ts";

const partitions = 271;
const serverVersion = "5.7.0";

/** A client's connection, its greeting still unread. */
export function serveClient(member: Member, socket: Socket): void {
  serveProtocol(socket, (question) => {
    void replyTo(member, question).then((reply) => answer(socket, question, reply));
  });
}

async function replyTo(member: Member, question: Incoming): Promise<Reply> {
  try {
    const handler = handlers.get(question.type);
    if (!handler) throw new Refusal("java.lang.UnsupportedOperationException", unrecognized(question.type));
    if (!member.isJoined || !member.facts) {
      throw new Refusal(
        "com.hazelcast.core.HazelcastInstanceNotActiveException",
        "Hazelcast instance is not ready yet!",
      );
    }
    return await handler(member, question);
  } catch (error) {
    const className = error instanceof Refusal ? error.className : "java.lang.IllegalArgumentException";
    return { error: { className, message: error instanceof Error ? error.message : String(error) } };
  }
}

function unrecognized(type: number): string {
  return `Unrecognized client message received with type: 0x${type.toString(16)}`;
}

type Handler = (member: Member, question: Incoming) => Reply | Promise<Reply>;

const ofJob =
  (reply: (job: Job, member: Member) => Reply): Handler =>
  (member, question) =>
    reply(jobOf(member, question), member);

/** By message; see docs/decisions/0010 and src/engine/protocol/messages.ts for the layouts. */
const handlers: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [0x000100, authenticate],
  // A ping.
  [0x000b00, () => ({})],
  [0x000300, members],
  [0x200e00, metadata],
  [0xfe0f00, (member) => ({ fields: [factsOf(member).jobs.map(summaryOf)] })],
  [0xfe0300, ofJob((job) => ({ fixed: [intField(jobStatuses.indexOf(job.status))] }))],
  [0xfe0700, ofJob((job) => ({ fixed: [longField(BigInt(job.submittedAt))] }))],
  [0xfe0800, ofJob((job) => ({ fields: [configData(job)] }))],
  [0xfe0d00, ofJob((job, member) => ({ fields: [metricsData(job, member.view)] }))],
  [0xfe0e00, ofJob(suspensionCause)],
  [0xfe0200, (member, question) => done(member, terminationOf(question))],
  [0xfe0900, (member, question) => done(member, { kind: "resume", id: idOf(question) })],
  [0xfe1500, updateConfig],
  [0x010200, mapGet],
]);

function members(member: Member, question: Incoming): Reply {
  return membersReplyOf(member.view.map(({ uuid, address }) => ({ uuid, ...endpointOf(address) })))(question);
}

function metadata(member: Member): Reply {
  const { state, clusterId } = factsOf(member);
  const ordinal = Buffer.from([clusterStates.indexOf(state)]);
  return {
    fixed: [ordinal, longField(BigInt(Date.now())), uuidField(clusterId)],
    fields: [Buffer.from(serverVersion), null],
  };
}

function authenticate(member: Member, { fields }: Incoming): Reply {
  const facts = factsOf(member);
  const name = bytes(fields[0]).toString("utf8");
  const status = name === member.configuration.clusterName ? 0 : 1;
  const failoverSupported = Buffer.from([1]);
  return {
    fixed: [
      ...[Buffer.from([status]), uuidField(member.uuid), Buffer.from([1]), intField(partitions)],
      ...[uuidField(facts.clusterId), failoverSupported],
    ],
    fields: [null, Buffer.from(serverVersion), [], null],
  };
}

function factsOf(member: Member) {
  const { facts } = member;
  if (!facts) throw new Refusal("com.hazelcast.core.HazelcastInstanceNotActiveException", "not joined");
  return facts;
}

function bytes(field: Field | undefined): Buffer {
  if (!Buffer.isBuffer(field)) throw new Refusal("java.lang.IllegalArgumentException", "a field is missing");
  return field;
}

/** Parameters of a question begin here; this reader counts as answers are counted. */
const parametersAt = 16;

function idOf({ fixed }: Incoming): string {
  return BigInt.asUintN(64, fixed.readBigInt64LE(parametersAt)).toString(16).padStart(16, "0");
}

function jobOf(member: Member, question: Incoming): Job {
  const id = idOf(question);
  const job = factsOf(member).jobs.find((each) => each.id === id);
  const printed = id.replace(/(.{4})(?=.)/g, "$1-");
  if (!job) throw new Refusal("com.hazelcast.jet.core.JobNotFoundException", `Job with id ${printed} not found`);
  return job;
}

function summaryOf(job: Job): Field {
  const cause = job.status === "SUSPENDED" ? job.suspension || "Requested by user" : null;
  return summary({
    id: BigInt.asIntN(64, BigInt(`0x${job.id}`)),
    name: job.name ?? job.id.replace(/(.{4})(?=.)/g, "$1-"),
    status: jobStatuses.indexOf(job.status),
    submittedAt: job.submittedAt,
    cause,
  });
}

async function done(member: Member, command: Command): Promise<Reply> {
  await member.command(command, (each) => obey(member, each));
  return {};
}

const suspendGracefully = 2;

function terminationOf(question: Incoming): Command {
  const mode = question.fixed.readInt32LE(parametersAt + 8);
  if (mode === suspendGracefully) return { kind: "suspend", id: idOf(question) };
  throw new Refusal("java.lang.UnsupportedOperationException", `this fake knows no termination of mode ${mode}`);
}

function suspensionCause(job: Job): Reply {
  if (job.status !== "SUSPENDED") throw new Refusal("java.lang.IllegalStateException", "Job not suspended");
  return { fields: [suspensionData(job) ?? null] };
}

/** Of a change nothing but the flag of protection is understood: behind header, interval and two flags. */
const protectionAt = 17 + 4 + 2;

async function updateConfig(member: Member, question: Incoming): Promise<Reply> {
  const delta = bytes(question.fields[0]);
  const command = { kind: "protect", id: idOf(question), protection: delta[protectionAt] === 1 } as const;
  return { fields: [configData(await member.command<Job>(command, (each) => obey(member, each)))] };
}

/** The engine's own maps, raw; of these only the execution records are there. */
function mapGet(member: Member, { fixed, fields }: Incoming): Reply {
  const [name, key] = [bytes(fields[0]).toString("utf8"), bytes(fields[1])];
  const partition = fixed.readInt32LE(12);
  if (partition !== partitionOf(key, partitions)) {
    throw new Refusal("java.lang.IllegalArgumentException", `the key is not of partition ${partition}`);
  }
  if (name !== "__jet.executionRecords" || key.length !== 16) return { fields: [null] };
  const id = BigInt.asUintN(64, key.readBigInt64BE(8)).toString(16).padStart(16, "0");
  const job = factsOf(member).jobs.find((each) => each.id === id);
  return { fields: [job ? recordData(job) : null] };
}
