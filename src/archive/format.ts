import { crc32 } from "node:zlib";
import { DamagedFileError, UnknownFormatError, WrongFileError } from "./errors.ts";

/**
 * A map file: a header, then records, the last of which is the footer. All numbers are little-endian.
 *
 *   header   magic(8) version(4) length(4) nonce(8) map name(length − 8, UTF-8) crc32 of all before(4)
 *   record   kind(4) entries(4) raw bytes(4) stored bytes(4) crc32 of the payload(4) crc32 of this head(4), payload
 *   block    a record whose payload is zstd of entries: key length(4) value length(4) key value
 *   footer   a record whose payload is entries(8) bytes of keys and values(8) sha-256 of the file before the footer(32)
 *
 * Why so: docs/decisions/0020-archive-format.md.
 */
const formatVersion = 1;

const magic = Buffer.from("\x89JETARC\n", "latin1");
const fixedHeaderBytes = magic.length + 8;
const nonceBytes = 8;
const crcBytes = 4;
/** Longest name of a map, in bytes of UTF-8. */
const maxNameBytes = 65_535;

export const recordHeadBytes = 24;
export const footerPayloadBytes = 48;
/** Bytes in front of each key. */
export const entryHeadBytes = 8;
/** Key and value of one entry together, in bytes. Larger ones are refused; the engine's own practical limit is far below. */
export const maxEntryBytes = 256 * 1024 * 1024;
/** What one map file says of itself, in front. */
export interface MapFileHeader {
  /** Of the generation: 16 hexadecimal digits. */
  readonly nonce: string;
  /** Name of the map. */
  readonly map: string;
}

export interface Entry {
  /** Serialised form, as the engine keeps it. */
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface FileTotals {
  readonly entries: number;
  /** Of keys and values, before compression. */
  readonly bytes: number;
  /** Of the file, in bytes. */
  readonly storedBytes: number;
  /** sha-256 of the file before its footer, hexadecimal. */
  readonly digest: string;
}

const kinds = { block: 0x4b434c42, footer: 0x544f4f46 } as const;

type RecordKind = keyof typeof kinds;

export interface RecordHead {
  readonly kind: RecordKind;
  readonly entries: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
  readonly crc: number;
}

/** @throws RangeError for a nonce or a name that the format cannot hold. */
export function encodeHeader({ nonce, map }: MapFileHeader): Buffer {
  const name = Buffer.from(map);
  if (!/^[0-9a-f]{16}$/.test(nonce)) throw new RangeError(`nonce "${nonce}": 16 hexadecimal digits are accepted`);
  if (name.length > maxNameBytes) {
    throw new RangeError(`name of map of ${name.length} bytes: at most ${maxNameBytes} are accepted`);
  }
  const bytes = Buffer.alloc(fixedHeaderBytes + nonceBytes + name.length + crcBytes);
  magic.copy(bytes);
  bytes.writeUInt32LE(formatVersion, magic.length);
  bytes.writeUInt32LE(nonceBytes + name.length, magic.length + 4);
  bytes.write(nonce, fixedHeaderBytes, "hex");
  name.copy(bytes, fixedHeaderBytes + nonceBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -crcBytes)), bytes.length - crcBytes);
  return bytes;
}

/** Bytes to read before `headerLength` can be asked. */
export const headerStartBytes = fixedHeaderBytes;

/** @param start the first `headerStartBytes` of the file. @returns the length of the whole header in bytes. */
export function headerLength(file: string, start: Buffer): number {
  if (!start.subarray(0, magic.length).equals(magic)) {
    throw new DamagedFileError(file, {
      offset: 0,
      found: start.toString("hex", 0, magic.length),
      expected: `${magic.toString("hex")}, the beginning of a map file`,
    });
  }
  const version = start.readUInt32LE(magic.length);
  if (version !== formatVersion) throw new UnknownFormatError(file, version, formatVersion);
  const length = start.readUInt32LE(magic.length + 4);
  if (length < nonceBytes || length > nonceBytes + maxNameBytes) {
    throw new DamagedFileError(file, {
      offset: magic.length + 4,
      found: `a header of ${length} bytes`,
      expected: `${nonceBytes} to ${nonceBytes + maxNameBytes}`,
    });
  }
  return fixedHeaderBytes + length + crcBytes;
}

/** @param bytes the whole header. @throws DamagedFileError or WrongFileError when it is not the one expected. */
export function checkHeader(file: string, bytes: Buffer, expected: MapFileHeader): void {
  checkCrc(file, 0, bytes.readUInt32LE(bytes.length - crcBytes), bytes.subarray(0, -crcBytes));
  const nonce = bytes.toString("hex", fixedHeaderBytes, fixedHeaderBytes + nonceBytes);
  if (nonce !== expected.nonce)
    throw new WrongFileError(file, "the generation", { found: nonce, expected: expected.nonce });
  const map = bytes.toString("utf8", fixedHeaderBytes + nonceBytes, bytes.length - crcBytes);
  if (map !== expected.map) {
    throw new WrongFileError(file, "the map", { found: JSON.stringify(map), expected: JSON.stringify(expected.map) });
  }
}

export function encodeRecordHead(head: RecordHead): Buffer {
  const bytes = Buffer.allocUnsafe(recordHeadBytes);
  bytes.writeUInt32LE(kinds[head.kind], 0);
  bytes.writeUInt32LE(head.entries, 4);
  bytes.writeUInt32LE(head.rawBytes, 8);
  bytes.writeUInt32LE(head.storedBytes, 12);
  bytes.writeUInt32LE(head.crc, 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20);
  return bytes;
}

/** The head is known to be whole before a length in it is believed. @throws DamagedFileError */
export function decodeRecordHead(file: string, offset: number, bytes: Buffer): RecordHead {
  checkCrc(file, offset, bytes.readUInt32LE(20), bytes.subarray(0, 20));
  const number = bytes.readUInt32LE(0);
  const kind = number === kinds.block ? "block" : number === kinds.footer ? "footer" : undefined;
  if (kind === undefined) {
    throw new DamagedFileError(file, {
      offset,
      found: `a record of kind ${number}`,
      expected: "a block or the footer",
    });
  }
  return {
    kind,
    entries: bytes.readUInt32LE(4),
    rawBytes: bytes.readUInt32LE(8),
    storedBytes: bytes.readUInt32LE(12),
    crc: bytes.readUInt32LE(16),
  };
}

/**
 * @param offset of the bytes in the file.
 * @param stored what was written with them.
 * @throws DamagedFileError when the bytes are not those that the checksum was taken of.
 */
export function checkCrc(file: string, offset: number, stored: number, bytes: Buffer): void {
  const computed = crc32(bytes);
  if (computed === stored) return;
  throw new DamagedFileError(file, { offset, found: `checksum ${hex(computed)}`, expected: hex(stored) });
}

/** The footer's record, head and payload. */
export function encodeFooter({ entries, bytes, digest }: Omit<FileTotals, "storedBytes">): Buffer {
  const payload = Buffer.alloc(footerPayloadBytes);
  payload.writeBigUInt64LE(BigInt(entries), 0);
  payload.writeBigUInt64LE(BigInt(bytes), 8);
  payload.write(digest, 16, "hex");
  const size = { rawBytes: footerPayloadBytes, storedBytes: footerPayloadBytes };
  return Buffer.concat([encodeRecordHead({ kind: "footer", entries: 0, ...size, crc: crc32(payload) }), payload]);
}

export function decodeFooter(payload: Buffer): Omit<FileTotals, "storedBytes"> {
  return {
    entries: Number(payload.readBigUInt64LE(0)),
    bytes: Number(payload.readBigUInt64LE(8)),
    digest: payload.toString("hex", 16, footerPayloadBytes),
  };
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
