import { inflateSync } from "node:zlib";
import { DataReader } from "./protocol/data.ts";
import { MalformedError } from "./protocol/errors.ts";

/** One number that a member measured, with what it is about: `vertex`, `proc`, `ordinal`, `exec` and others. */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly tags: ReadonlyMap<string, string>;
}

/** The same, of all that a member measures. */
interface NamedMeasurement extends Measurement {
  /** What kind of thing is measured, as `map`; empty for a job's. */
  readonly prefix: string;
  /** Which one of them, as a map's name; empty where there is one only. */
  readonly subject: string;
}

/** A job of hundreds of vertices and a member of thousands of maps stay far below; a bomb does not. */
const inflatedLimit = 16 * 1024 * 1024;

/**
 * Version 1 of the engine's compressed metrics, the same in 4.5.4 and 5.7.0: a dictionary, then one record a metric.
 * @throws MalformedError
 */
export function readMetricsBlob(blob: Buffer): NamedMeasurement[] {
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

function readRecords(reader: DataReader, words: ReadonlyMap<number, string>, count: number): NamedMeasurement[] {
  const measurements: NamedMeasurement[] = [];
  const word = () => words.get(reader.int()) ?? "";
  let [prefix, metric, subject] = ["", "", ""];
  let tagCount = 0;
  for (let left = count; left > 0; left--) {
    const mask = reader.byte();
    if ((mask & same.prefix) === 0) prefix = word();
    if ((mask & same.metric) === 0) metric = word();
    if ((mask & same.discriminator) === 0) reader.int();
    if ((mask & same.discriminatorValue) === 0) subject = word();
    if ((mask & same.unit) === 0) reader.byte();
    if ((mask & same.targets) === 0) reader.byte();
    if ((mask & same.tagCount) === 0) tagCount = reader.byte();
    const tags = new Map<string, string>();
    for (let tag = 0; tag < tagCount; tag++) tags.set(word(), word());
    const value = reader.byte() === 0 ? Number(reader.long()) : reader.double();
    measurements.push({ prefix, metric, subject, value, tags });
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
