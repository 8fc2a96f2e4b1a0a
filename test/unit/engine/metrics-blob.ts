import { deflateSync } from "node:zlib";

export interface Measured {
  readonly prefix: string;
  readonly metric: string;
  readonly subject: string;
  readonly value: number;
}

const int = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** What a member sends as its metrics: a dictionary, and one record each that repeats nothing of the one before. */
export function metricsBlob(measured: readonly Measured[]): Buffer {
  const words = [...new Set(measured.flatMap(({ prefix, metric, subject }) => [prefix, metric, subject, "name"]))];
  const id = (word: string) => int(words.indexOf(word));
  const dictionary = words.map((word, index) =>
    Buffer.concat([int(index), Buffer.from([0, word.length]), Buffer.from(word, "utf16le").swap16()]),
  );
  const records = measured.map(({ prefix, metric, subject, value }) => {
    const long = Buffer.alloc(8);
    long.writeBigInt64BE(BigInt(value));
    const named = [id(prefix), id(metric), id("name"), id(subject)];
    // Then unit, excluded targets, number of tags, and that the value is a whole number.
    return Buffer.concat([Buffer.from([0]), ...named, Buffer.from([1, 0, 0, 0]), long]);
  });
  const packed = deflateSync(Buffer.concat([int(words.length), ...dictionary]));
  return Buffer.concat([
    Buffer.from([0, 1]),
    int(packed.length),
    packed,
    int(measured.length),
    deflateSync(Buffer.concat(records)),
  ]);
}
