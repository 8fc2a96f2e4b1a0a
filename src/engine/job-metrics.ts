import { inflateSync } from "node:zlib";
import { DataReader, readerOf } from "./protocol/data.ts";
import { MalformedError } from "./protocol/errors.ts";

/** One number that a member measured of a job, with what it is about: `vertex`, `proc`, `ordinal`, `exec` and others. */
interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly tags: ReadonlyMap<string, string>;
}

/** What one member measured in one round of collection. */
export interface MemberMeasurements {
  /** Milliseconds since the epoch, by the member's clock. */
  readonly collectedAt: number;
  readonly measurements: readonly Measurement[];
}

const metricsFactory = -10_003;
const blobClass = 1;
const arrayList = -29;
/** How 4.5.4 writes the empty list of a job that has not started yet. */
const javaObject = -100;
/** A job of hundreds of vertices stays far below; a bomb does not. */
const inflatedLimit = 16 * 1024 * 1024;

/** The engine's answer to "metrics of this job": a list of one compressed blob a member. @throws MalformedError */
export function readJobMetrics(data: Buffer): MemberMeasurements[] {
  const reader = readerOf(data);
  const type = reader.int();
  if (type === javaObject) return [];
  if (type !== arrayList) throw new MalformedError("a list of metrics expected");
  return Array.from({ length: reader.count(1) }, () => {
    if (!reader.identified(metricsFactory, blobClass)) throw new MalformedError("a member's metrics expected");
    const length = reader.int();
    const measurements = length === -1 ? [] : readBlob(reader.take(length));
    return { collectedAt: Number(reader.long()), measurements };
  });
}

/** Version 1 of the engine's compressed metrics, the same in 4.5.4 and 5.7.0: a dictionary, then one record a metric. */
function readBlob(blob: Buffer): Measurement[] {
  const reader = new DataReader(blob);
  const version = reader.take(2).readUInt16BE(0);
  if (version !== 1) throw new MalformedError(`metrics of version ${version}`);
  const words = readDictionary(inflate(reader.take(reader.int())));
  const count = reader.int();
  return readRecords(inflate(reader.rest()), words, count);
}

/** Words in order, each given as how much of the one before it begins with, and the rest in UTF-16. */
function readDictionary(reader: DataReader): ReadonlyMap<number, string> {
  const words = new Map<number, string>();
  let word = "";
  for (let left = reader.count(6); left > 0; left--) {
    const id = reader.int();
    const common = reader.byte();
    word =
      word.slice(0, common) +
      reader
        .take(2 * reader.byte())
        .swap16()
        .toString("utf16le");
    words.set(id, word);
  }
  return words;
}

/** Bits of a record's first byte: a set one means "as in the record before". */
const same = {
  prefix: 1,
  metric: 2,
  discriminator: 4,
  discriminatorValue: 8,
  unit: 16,
  targets: 32,
  tagCount: 64,
} as const;

function readRecords(reader: DataReader, words: ReadonlyMap<number, string>, count: number): Measurement[] {
  const measurements: Measurement[] = [];
  let metric = "";
  let tagCount = 0;
  for (let left = count; left > 0; left--) {
    const mask = reader.byte();
    if ((mask & same.prefix) === 0) reader.int();
    if ((mask & same.metric) === 0) metric = words.get(reader.int()) ?? "";
    if ((mask & same.discriminator) === 0) reader.int();
    if ((mask & same.discriminatorValue) === 0) reader.int();
    if ((mask & same.unit) === 0) reader.byte();
    if ((mask & same.targets) === 0) reader.byte();
    if ((mask & same.tagCount) === 0) tagCount = reader.byte();
    const tags = new Map<string, string>();
    for (let tag = 0; tag < tagCount; tag++) tags.set(words.get(reader.int()) ?? "", words.get(reader.int()) ?? "");
    const value = reader.byte() === 0 ? Number(reader.long()) : reader.double();
    measurements.push({ metric, value, tags });
  }
  return measurements;
}

function inflate(bytes: Buffer): DataReader {
  try {
    return new DataReader(inflateSync(bytes, { maxOutputLength: inflatedLimit }));
  } catch {
    throw new MalformedError("metrics that do not unpack");
  }
}
