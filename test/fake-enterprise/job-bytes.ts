import { deflateSync } from "node:zlib";
import type { Job, SeenMember } from "./facts.ts";

/** Serialised objects as 5.7.0 sends them (test/fixtures/engine/5.7.0/jobs.json); big endian, unlike the frames around. */
const noHash = 0;
const identifiedType = -2;
const stringType = -11;
const arrayListType = -29;
const javaType = -100;
const jetFactory = -10_002;
const metricsFactory = -10_003;
const configFactory = -10_004;

const int = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const long = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const byte = (value: number) => Buffer.from([value]);
const flag = (value: boolean) => byte(value ? 1 : 0);
const text = (value: string | undefined) =>
  value === undefined ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);
const textObject = (value: string | undefined) =>
  value === undefined ? int(0) : Buffer.concat([int(stringType), text(value)]);
const javaText = (value: string) => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value)]);
};
const identified = (factory: number, classId: number, ...fields: Buffer[]) =>
  Buffer.concat([int(identifiedType), byte(1), int(factory), int(classId), ...fields]);
const data = (...parts: Buffer[]) => Buffer.concat([int(noHash), ...parts]);

/** What follows the flag of protection in the configuration of a job without anything special; taken from a real one. */
const configTail = Buffer.from(
  "00000000ffffffe000000000ffffffe000000000ffffffe00000000000000000ffffffff0100ffffffffffffffff0000000000000000",
  "hex",
);

export function configData(job: Job): Buffer {
  return data(
    identified(
      configFactory,
      0,
      text(job.name),
      javaEnum("com.hazelcast.jet.config.ProcessingGuarantee", job.guarantee),
      long(job.intervalMillis),
      flag(true),
      flag(true),
      flag(job.protection),
      configTail,
    ),
  );
}

function javaEnum(className: string, constant: string): Buffer {
  const version = Buffer.alloc(8);
  const enumClass = (name: string) =>
    Buffer.concat([byte(0x72), javaText(name), version, byte(0x12), int(0).subarray(2), byte(0x78)]);
  return Buffer.concat([
    ...[int(javaType), Buffer.from("aced00057e", "hex"), enumClass(className), enumClass("java.lang.Enum")],
    ...[byte(0x70), byte(0x74), javaText(constant)],
  ]);
}

/** Chunks of a snapshot: far fewer than what an engine has been seen to lose some of. */
const chunks = 3;
const neverStarted = -(2n ** 63n);

export function recordData(job: Job): Buffer {
  const { snapshot } = job;
  const id = snapshot?.id ?? -1;
  const stats = snapshot
    ? identified(
        jetFactory,
        30,
        ...[id, snapshot.startedAt, snapshot.endedAt, 100 * snapshot.keys, snapshot.keys, chunks].map(long),
      )
    : int(0);
  return data(
    identified(
      jetFactory,
      11,
      ...[long(BigInt.asIntN(64, BigInt(`0x${job.id}`))), int(snapshot ? id % 2 : -1), long(id), long(id)],
      ...[int(job.quorum), long(neverStarted), textObject(undefined), stats, textObject(undefined)],
      suspensionObject(job),
      ...[flag(job.executed), long(Date.now())],
    ),
  );
}

function suspensionObject(job: Job): Buffer {
  if (job.suspension === undefined) return int(0);
  return identified(jetFactory, 43, textObject(job.suspension === "" ? undefined : job.suspension));
}

/** Undefined for a job that is not suspended. */
export function suspensionData(job: Job): Buffer | undefined {
  return job.suspension === undefined ? undefined : data(suspensionObject(job));
}

/** The metrics of one vertex that gives each member's part of the state to the snapshots. */
export function metricsData(job: Job, members: readonly SeenMember[]): Buffer {
  const running = job.status === "RUNNING" || job.status === "COMPLETING";
  const each = Math.floor(job.emitted / members.length);
  const blobs = members.map(({ uuid }, index) => {
    const emitted = index === 0 ? job.emitted - each * (members.length - 1) : each;
    const blob = running ? metricsBlob(job, uuid, emitted) : undefined;
    const bytes = blob ? Buffer.concat([int(blob.length), blob]) : int(-1);
    return identified(metricsFactory, 1, bytes, long(Date.now()));
  });
  return data(int(arrayListType), int(blobs.length), ...blobs);
}

function metricsBlob(job: Job, member: string, emitted: number): Buffer {
  const tags = {
    vertex: "count",
    proc: "0",
    ordinal: "snapshot",
    member,
    exec: job.executions.length.toString(16).padStart(16, "0"),
  };
  const words = ["emittedCount", ...Object.entries(tags).flat()];
  const numberOf = new Map([...new Set(words)].sort().map((word, index) => [word, index]));
  const id = (word: string) => int(numberOf.get(word) ?? -1);
  // No prefix, no discriminator, unit COUNT, all targets.
  const head = [byte(0), int(-1), id("emittedCount"), int(-1), int(-1), byte(3), byte(0)];
  const tagged = Object.entries(tags).flatMap(([name, value]) => [id(name), id(value)]);
  const record = Buffer.concat([...head, byte(Object.keys(tags).length), ...tagged, byte(0), long(emitted)]);
  const dictionary = deflateSync(dictionaryOf([...numberOf.keys()]));
  const version = Buffer.from([0, 1]);
  return Buffer.concat([version, int(dictionary.length), dictionary, int(1), deflateSync(record)]);
}

/** Words in order, each given as how much of the one before it begins with, and the rest. */
function dictionaryOf(words: readonly string[]): Buffer {
  const entries = words.map((word, index) => {
    const before = words[index - 1] ?? "";
    let common = 0;
    while (common < word.length && word[common] === before[common]) common += 1;
    const rest = word.slice(common);
    return Buffer.concat([int(index), byte(common), byte(rest.length), Buffer.from(rest, "utf16le").swap16()]);
  });
  return Buffer.concat([int(words.length), ...entries]);
}
