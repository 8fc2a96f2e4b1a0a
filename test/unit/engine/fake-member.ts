import type { Socket } from "node:net";
import { type AddressInfo, createServer } from "node:net";
import type { MemberAddress } from "../../../src/engine/addresses.ts";
import { type Field, intField, longField, uuidField } from "../../../src/engine/protocol/fields.ts";
import { encodeFrames, type Frame, flag, MessageReader } from "../../../src/engine/protocol/frames.ts";
import { type Incoming, readIncoming } from "../../../src/engine/protocol/message.ts";

export const memberUuid = "a1b2c3d4-0000-4000-8000-00000000000a";
export const clusterId = "c1c2c3c4-0000-4000-8000-00000000000c";

/** What the fake answers with: fixed results and fields, an exception, or whatever a test does with the socket itself. */
export type Reply =
  | { readonly fixed?: readonly Buffer[]; readonly fields?: readonly Field[]; readonly events?: readonly Buffer[] }
  | { readonly error: { readonly className: string; readonly message: string | null } }
  | { readonly raw: (socket: Socket, question: Incoming) => void };

export interface FakeMember extends AsyncDisposable {
  readonly address: MemberAddress;
  /** Types of the questions that came, over all connections. */
  readonly asked: number[];
  allClosed(): Promise<void>;
}

/** A member on loopback that speaks the protocol and answers as told, by message type. Lets everybody in unless told. */
export async function fakeMember(
  replies: Readonly<Record<number, Reply | ((question: Incoming) => Reply)>>,
  serverVersion = "5.7.0",
): Promise<FakeMember> {
  const asked: number[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
    serveProtocol(socket, (question) => {
      asked.push(question.type);
      const reply = replies[question.type] ?? (question.type === 0x000100 ? welcome(serverVersion) : unrecognized);
      answer(socket, question, typeof reply === "function" ? reply(question) : reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    asked,
    async allClosed() {
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const unrecognized: Reply = {
  error: { className: "java.lang.UnsupportedOperationException", message: "Unrecognized client message received" },
};

/** Reads a client's greeting and its questions; a client that sends anything else is cut off. */
export function serveProtocol(socket: Socket, onQuestion: (question: Incoming) => void): void {
  const reader = new MessageReader(1 << 24);
  let greeting = "";
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    if (greeting.length < 3) {
      const length = 3 - greeting.length;
      greeting += rest.subarray(0, length).toString();
      rest = rest.subarray(length);
      if (!"CP2".startsWith(greeting)) return void socket.destroy();
    }
    try {
      for (const frames of reader.push(rest)) onQuestion(readIncoming(frames));
    } catch {
      socket.destroy();
    }
  });
}

export function answer(socket: Socket, question: Incoming, reply: Reply): void {
  if ("raw" in reply) {
    reply.raw(socket, question);
  } else if ("error" in reply) {
    socket.write(encodeFrames(errorFrames(question, reply.error)));
  } else {
    for (const event of reply.events ?? []) socket.write(event);
    socket.write(encodeFrames(replyFrames(question, reply.fixed ?? [], reply.fields ?? [])));
  }
}

export function replyFrames(question: Incoming, fixed: readonly Buffer[], fields: readonly Field[]): Frame[] {
  return messageFrames(question.type + 1, question.correlation, [Buffer.alloc(1), ...fixed], fields, flag.unfragmented);
}

function errorFrames(
  question: Incoming,
  { className, message }: { className: string; message: string | null },
): Frame[] {
  const text = message === null ? null : Buffer.from(message);
  const holder = [intField(1), Buffer.from(className), text, []];
  return messageFrames(0, question.correlation, [Buffer.alloc(1)], [[holder]], flag.unfragmented);
}

/** An event as a listener gets it. */
function eventBytes(type: number, correlation: bigint, fixed: readonly Buffer[], fields: readonly Field[]): Buffer {
  const padding = Buffer.alloc(4);
  return encodeFrames(messageFrames(type, correlation, [padding, ...fixed], fields, flag.unfragmented | flag.event));
}

function messageFrames(
  type: number,
  correlation: bigint,
  fixed: readonly Buffer[],
  fields: readonly Field[],
  flags: number,
): Frame[] {
  const head = Buffer.concat([intField(type), longField(correlation), ...fixed]);
  return [{ flags, content: head }, ...fields.flatMap(framesOf)];
}

function framesOf(field: Field): Frame[] {
  const bare = (flags: number) => ({ flags, content: Buffer.alloc(0) });
  if (field === null) return [bare(flag.null)];
  if (Buffer.isBuffer(field)) return [{ flags: 0, content: field }];
  return [bare(flag.structBegin), ...(field as readonly Field[]).flatMap(framesOf), bare(flag.structEnd)];
}

/** Lets everybody in. */
export function welcome(serverVersion: string, uuid = memberUuid, partitions = 271): Reply {
  const status = Buffer.from([0]);
  const serialization = Buffer.from([1]);
  return {
    fixed: [status, uuidField(uuid), serialization, intField(partitions), uuidField(clusterId), Buffer.from([0])],
    fields: [null, Buffer.from(serverVersion), [], null],
  };
}

/** The answer to the members' listener: its event first, as real members send it. */
export function membersReply(uuids: readonly string[]): (question: Incoming) => Reply {
  return membersReplyOf(addressed(uuids));
}

interface ListedMember {
  readonly uuid: string;
  readonly host: string;
  readonly port: number;
}

/** The same with the members' addresses. */
export function membersReplyOf(members: readonly ListedMember[]): (question: Incoming) => Reply {
  return ({ correlation }) => ({ events: [membersOf(correlation, members)] });
}

/** The same, followed by who owns each partition, as real members send it once the partitions have been dealt out. */
export function viewReply(uuids: readonly string[], owners: readonly string[]): (question: Incoming) => Reply {
  return ({ correlation }) => ({
    events: [membersOf(correlation, addressed(uuids)), partitionsOf(correlation, uuids, owners)],
  });
}

/** Members of which only the uuid matters. */
function addressed(uuids: readonly string[]): ListedMember[] {
  return uuids.map((uuid, index) => ({ uuid, host: `10.0.0.${index + 1}`, port: 5701 }));
}

function membersOf(correlation: bigint, members: readonly ListedMember[]): Buffer {
  const listed = members.map(({ uuid, host, port }) => [
    Buffer.concat([uuidField(uuid), Buffer.from([0])]),
    [intField(port), Buffer.from(host)],
    [],
    [Buffer.alloc(3)],
    [],
  ]);
  return eventBytes(0x000302, correlation, [intField(1)], [listed]);
}

function partitionsOf(correlation: bigint, uuids: readonly string[], owners: readonly string[]): Buffer {
  const partitions = (uuid: string) => owners.flatMap((owner, index) => (owner === uuid ? [intField(index)] : []));
  const lists = uuids.map((uuid) => Buffer.concat(partitions(uuid)));
  return eventBytes(0x000303, correlation, [intField(1)], [lists, Buffer.concat(uuids.map(uuidField))]);
}

export interface SummaryFields {
  readonly id: bigint;
  readonly name: string;
  readonly status: number;
  readonly cause?: string | null;
  readonly failure?: string | null;
  /** Milliseconds since the epoch. */
  readonly submittedAt?: number;
}

/** One job as 5.3 and newer list it. */
export function summary({ id, name, status, cause = null, failure = null, submittedAt = 1_000 }: SummaryFields): Field {
  const times = [longField(BigInt(submittedAt)), longField(0n)];
  const fixed = [Buffer.from([0]), longField(id), longField(7n), intField(status), ...times];
  const text = (value: string | null) => (value === null ? null : Buffer.from(value));
  return [Buffer.concat([...fixed, Buffer.from([0])]), Buffer.from(name), text(failure), null, text(cause)];
}
