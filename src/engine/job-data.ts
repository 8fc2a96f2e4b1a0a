import { excerpt } from "./answer.ts";
import { type DataReader, readerOf } from "./protocol/data.ts";
import { MalformedError } from "./protocol/errors.ts";

/** Serialisation factories and classes of the Jet engine. The same numbers in 4.5.4 and 5.7.0. */
const jetFactory = -10_002;
const configFactory = -10_004;
const classes = { config: 0, executionRecord: 11, snapshotStats: 30, suspensionCause: 43 } as const;

type ProcessingGuarantee = "NONE" | "AT_LEAST_ONCE" | "EXACTLY_ONCE";

/** What can be read of a job's configuration: all of it that comes before the parts serialised by Java. */
export interface JobConfig {
  readonly name: string | undefined;
  readonly guarantee: ProcessingGuarantee;
  readonly snapshotIntervalMillis: number;
  readonly autoScaling: boolean;
  readonly suspendOnFailure: boolean;
  readonly splitBrainProtection: boolean;
}

/** @throws MalformedError */
export function readJobConfig(data: Buffer): JobConfig {
  const reader = readerOf(data);
  if (!reader.identified(configFactory, classes.config)) throw new MalformedError("no job configuration");
  return {
    name: reader.text(),
    guarantee: guaranteeOf(reader.javaEnum()),
    snapshotIntervalMillis: Number(reader.long()),
    autoScaling: reader.boolean(),
    suspendOnFailure: reader.boolean(),
    splitBrainProtection: reader.boolean(),
  };
}

function guaranteeOf(name: string): ProcessingGuarantee {
  if (name === "NONE" || name === "AT_LEAST_ONCE" || name === "EXACTLY_ONCE") return name;
  throw new MalformedError("an unknown processing guarantee");
}

/** A change of nothing but the protection flag, as 5.3 and newer take it. */
export function protectionChange(splitBrainProtection: boolean): Buffer {
  const head = Buffer.alloc(17);
  head.writeInt32BE(-2, 4);
  head[8] = 1;
  head.writeInt32BE(configFactory, 9);
  head.writeInt32BE(3, 13);
  const nothing = Buffer.alloc(4);
  const untouched = 0x7f;
  // Snapshot interval; auto-scaling, suspend on failure, protection, metrics, stored metrics; records, timeout.
  const flags = Buffer.from([untouched, untouched, splitBrainProtection ? 1 : 0, untouched, untouched]);
  return Buffer.concat([head, nothing, flags, nothing, nothing]);
}

/** Who suspended a job: a user (or this operator), or the engine, with its words. */
export type Suspension = { readonly by: "User" } | { readonly by: "Engine"; readonly cause: string };

/** The engine's description of a cause; the words for "by the user" are fixed in it. */
export function suspensionOf(cause: string | undefined): Suspension {
  return cause === undefined || cause === "Requested by user"
    ? { by: "User" }
    : { by: "Engine", cause: excerpt(cause) };
}

/** @throws MalformedError */
export function readSuspensionCause(data: Buffer): Suspension | undefined {
  return suspensionObject(readerOf(data));
}

function suspensionObject(reader: DataReader): Suspension | undefined {
  // Its one field is the error; none means that a user asked for it.
  return reader.identified(jetFactory, classes.suspensionCause) ? suspensionOf(reader.textObject()) : undefined;
}

/** What the engine keeps of a job's execution, and what it goes by after a restart. */
export interface ExecutionRecord {
  /** Data members that must be there for a protected job to start; 0 for an unprotected one. It only ever grows. */
  readonly quorumSize: number;
  /** The last snapshot that was finished; undefined before the first. */
  readonly snapshot: Snapshot | undefined;
  /** Of the newest attempt; the engine keeps the words when a later one succeeds no longer than that. */
  readonly lastSnapshotFailure: string | undefined;
  /** The state lies in an exported snapshot of this name (4.x: of the map of this name), not in the job's own map. */
  readonly exportedSnapshotName: string | undefined;
  readonly suspension: Suspension | undefined;
  /** The job has run before: without auto-scaling it will not start again by itself. */
  readonly executed: boolean;
  /** Milliseconds since the epoch of the record's last change, by the master's clock; grows with every change. */
  readonly timestamp: number;
}

interface Snapshot {
  readonly id: number;
  /** Which of the job's two snapshot maps holds it: 0 or 1. */
  readonly dataMapIndex: number;
  readonly stats: SnapshotStats | undefined;
}

export interface SnapshotStats {
  readonly snapshotId: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly bytes: number;
  readonly keys: number;
  readonly chunks: number;
}

/** @throws MalformedError */
export function readExecutionRecord(data: Buffer): ExecutionRecord {
  const reader = readerOf(data);
  if (!reader.identified(jetFactory, classes.executionRecord)) throw new MalformedError("no execution record");
  reader.long(); // job id
  const dataMapIndex = reader.int();
  const snapshotId = Number(reader.long());
  reader.long(); // id of the snapshot being taken
  const quorumSize = reader.int();
  reader.long(); // its start
  const failure = reader.textObject();
  const stats = readStats(reader);
  const taken = dataMapIndex >= 0 && snapshotId >= 0;
  return {
    quorumSize,
    snapshot: taken ? { id: snapshotId, dataMapIndex, stats } : undefined,
    lastSnapshotFailure: failure === undefined ? undefined : excerpt(failure),
    exportedSnapshotName: reader.textObject(),
    suspension: suspensionObject(reader),
    executed: reader.boolean(),
    timestamp: Number(reader.long()),
  };
}

/** Head of the object, job id, index and ids of snapshots before it. */
const quorumOffset = 17 + 8 + 4 + 8 + 8;

/**
 * The same execution record of a protected job, but no more members needed than `most`; any other record as it is. A job that
 * starts from it may then run in a smaller cluster. @throws MalformedError
 */
export function withQuorumOfAtMost(data: Buffer, most: number): Buffer {
  if (readExecutionRecord(data).quorumSize <= most) return data;
  const changed = Buffer.from(data);
  changed.writeInt32BE(most, quorumOffset);
  return changed;
}

function readStats(reader: DataReader): SnapshotStats | undefined {
  if (!reader.identified(jetFactory, classes.snapshotStats)) return undefined;
  return {
    snapshotId: Number(reader.long()),
    startedAt: Number(reader.long()),
    endedAt: Number(reader.long()),
    bytes: Number(reader.long()),
    keys: Number(reader.long()),
    chunks: Number(reader.long()),
  };
}
