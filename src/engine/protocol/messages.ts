import { randomUUID } from "node:crypto";
import { EngineError, MalformedError } from "./errors.ts";
import {
  bytesAt,
  type Field,
  intField,
  longField,
  optionalTextAt,
  structsAt,
  textAt,
  uuidAt,
  uuidField,
} from "./fields.ts";
import { offset } from "./frames.ts";
import type { Incoming, Message } from "./message.ts";

/** What a member says of itself when it lets a client in. */
export interface Authenticated {
  readonly memberUuid: string;
  readonly clusterId: string;
  readonly partitionCount: number;
  /** Of the engine inside: `5.7.0`; stand-alone Jet 4.5.4 says `4.2.6`. */
  readonly serverVersion: string;
}

const refusals = ["", "the cluster name is another", "another serialization version", "clients are not allowed"];

/** Lets us in, by the cluster's name: the open-source engine knows no other credential. @throws EngineError when refused */
export function authenticate(clusterName: string): Message<Authenticated> {
  const serializationVersion = Buffer.from([1]);
  return {
    type: 0x000100,
    fixed: [uuidField(randomUUID()), serializationVersion],
    // Name, user, password, client type, its version, client name, labels. The type is one the engine knows.
    fields: [text(clusterName), null, null, text("NJS"), text("5.7.0"), text("jet-operator"), []],
    read(fixed, fields) {
      const status = fixed[offset.responseFixed] ?? -1;
      if (status !== 0) throw new EngineError("AuthenticationException", refusals[status] ?? `status ${status}`);
      return {
        memberUuid: needed(uuidAt(fixed, 14), "member uuid"),
        partitionCount: partitions(intAt(fixed, 32)),
        clusterId: needed(uuidAt(fixed, 36), "cluster id"),
        // The address before it may be null; 5.7 sends more fields after it than 4.x.
        serverVersion: textAt(fields, 1),
      };
    },
  };
}

/** Keeps a connection from being taken for a dead client's. */
export const ping: Message<undefined> = { type: 0x000b00, read: () => undefined };

export interface ProtocolMember {
  readonly uuid: string;
  readonly lite: boolean;
  /** Host and port as one text, `[10.244.0.5]:5701`: as REST writes it. */
  readonly address: string;
}

/** Asks to be told of the cluster's members; the first event comes at once. */
export const membersListener: Message<undefined> = { type: 0x000300, read: () => undefined };
export const membersEvent = 0x000302;

/** Members in join order: the first is the master. */
export function readMembers({ fields }: Incoming): ProtocolMember[] {
  return structsAt(fields, 0).map((member) => {
    const fixed = bytesAt(member, 0, 18);
    const [address = []] = structsAt([member.slice(1, 2)], 0);
    return {
      uuid: needed(uuidAt(fixed, 0), "member uuid"),
      lite: fixed[17] !== 0,
      address: `[${textAt(address, 1)}]:${bytesAt(address, 0, 4).readInt32LE(0)}`,
    };
  });
}

export interface JobSummary {
  readonly light: boolean;
  readonly id: bigint;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly submittedAt: number;
  /** 0 for a job that has not ended. */
  readonly completedAt: number;
  readonly nameOrId: string;
  readonly failure: string | undefined;
  /** From 5.3 on; undefined before. */
  readonly userCancelled: boolean | undefined;
  readonly suspensionCause: string | undefined;
}

/** Jobs of all kinds, ended ones for as long as the engine remembers them. From 5.2 on. */
export const jobSummaries: Message<JobSummary[]> = {
  type: 0xfe0f00,
  read: (_, fields) =>
    structsAt(fields, 0).map((job) => {
      const fixed = bytesAt(job, 0, 37);
      return {
        light: fixed[0] !== 0,
        id: fixed.readBigInt64LE(1),
        status: fixed.readInt32LE(17),
        submittedAt: Number(fixed.readBigInt64LE(21)),
        completedAt: Number(fixed.readBigInt64LE(29)),
        userCancelled: fixed.length > 37 ? fixed[37] !== 0 : undefined,
        nameOrId: textAt(job, 1),
        failure: optionalTextAt(job, 2),
        suspensionCause: optionalTextAt(job, 4),
      };
    }),
};

/** Stand-alone Jet 4.x: the ids of all jobs. 5.x has other parameters and another answer under this number. */
export const jobIds: Message<bigint[]> = {
  type: 0xfe0400,
  read(_, fields) {
    const bytes = bytesAt(fields, 0);
    if (bytes.length % 8 !== 0) throw new MalformedError("a list of ids cut short");
    return Array.from({ length: bytes.length / 8 }, (_, index) => bytes.readBigInt64LE(8 * index));
  },
};

export function jobStatus(id: bigint): Message<number> {
  return { type: 0xfe0300, fixed: [longField(id)], read: (fixed) => intAt(fixed, offset.responseFixed) };
}

export function jobSubmissionTime(id: bigint, platform: boolean): Message<number> {
  const read = (fixed: Buffer) => Number(longAt(fixed, offset.responseFixed));
  return { type: 0xfe0700, fixed: jobAndCoordinator(id, platform), read };
}

/** The job's configuration as the engine serialises it. */
export function jobConfig(id: bigint, platform: boolean): Message<Buffer> {
  return { type: 0xfe0800, fixed: jobAndCoordinator(id, platform), read: (_, fields) => bytesAt(fields, 0) };
}

/** Why a job is suspended, serialised; null when it is not. */
export function jobSuspensionCause(id: bigint): Message<Buffer | undefined> {
  return { type: 0xfe0e00, fixed: [longField(id)], read: (_, fields) => optionalBytesAt(fields, 0) };
}

const suspendGracefully = 2;

/** Asks the job to suspend after a last snapshot. The answer says nothing about the end of it. */
export function suspendJob(id: bigint, platform: boolean): Message<undefined> {
  const fixed = [longField(id), intField(suspendGracefully), ...(platform ? [uuidField(undefined)] : [])];
  return { type: 0xfe0200, fixed, read: () => undefined };
}

export function resumeJob(id: bigint): Message<undefined> {
  return { type: 0xfe0900, fixed: [longField(id)], read: () => undefined };
}

/** Changes a suspended job's configuration and answers with the new one. From 5.3 on. */
export function updateJobConfig(id: bigint, delta: Buffer): Message<Buffer> {
  return { type: 0xfe1500, fixed: [longField(id)], fields: [delta], read: (_, fields) => bytesAt(fields, 0) };
}

/** Makes the master look at the job at once. The answer comes when the job has ended. */
export function joinJob(id: bigint, platform: boolean): Message<undefined> {
  return { type: 0xfe0500, fixed: jobAndCoordinator(id, platform), read: () => undefined };
}

/** Metrics of the job's current execution, one compressed blob a member, serialised. */
export function jobMetrics(id: bigint): Message<Buffer> {
  return { type: 0xfe0d00, fixed: [longField(id)], read: (_, fields) => bytesAt(fields, 0) };
}

export interface Metadata {
  /** Ordinal of the cluster state. */
  readonly state: number;
  /** Milliseconds since the epoch, by the cluster's own clock. */
  readonly time: number;
  readonly memberVersion: string;
  /** Stand-alone Jet only. */
  readonly jetVersion: string | undefined;
}

export const clusterMetadata: Message<Metadata> = {
  type: 0x200e00,
  read: (fixed, fields) => ({
    state: fixed[offset.responseFixed] ?? -1,
    time: Number(longAt(fixed, offset.responseFixed + 1)),
    memberVersion: textAt(fields, 0),
    jetVersion: optionalTextAt(fields, 1),
  }),
};

/** One entry of a map, raw. Undefined: there is none. */
export function mapGet(name: string, key: Buffer, partition: number): Message<Buffer | undefined> {
  const threadId = longField(1n);
  const read = (_: Buffer, fields: readonly Field[]) => optionalBytesAt(fields, 0);
  return { type: 0x010200, partition, fixed: [threadId], fields: [text(name), key], read };
}

/** 5.x names a light job's coordinator too; ours never are. */
function jobAndCoordinator(id: bigint, platform: boolean): Buffer[] {
  return platform ? [longField(id), uuidField(undefined)] : [longField(id)];
}

function text(value: string): Buffer {
  return Buffer.from(value, "utf8");
}

function optionalBytesAt(fields: readonly Field[], index: number): Buffer | undefined {
  return fields[index] === null ? undefined : bytesAt(fields, index);
}

function intAt(fixed: Buffer, at: number): number {
  return bytesAt([fixed], 0, at + 4).readInt32LE(at);
}

function longAt(fixed: Buffer, at: number): bigint {
  return bytesAt([fixed], 0, at + 8).readBigInt64LE(at);
}

function partitions(count: number): number {
  if (count < 1) throw new MalformedError(`${count} partitions`);
  return count;
}

function needed(value: string | undefined, what: string): string {
  if (value === undefined) throw new MalformedError(`no ${what}`);
  return value;
}
