import { MalformedError } from "./errors.ts";
import { type Frame, flag } from "./frames.ts";

/** What a frame, or a run of frames between BEGIN and END of a structure or list, holds. */
export type Field = Buffer | null | readonly Field[];

const depthLimit = 16;

/**
 * The frames of a message as a tree, its first frame first. Lists and structures look alike on the wire: each is an array
 * here, so that fields which a later version appends do no harm. @throws MalformedError
 */
export function fieldsOf(frames: readonly Frame[]): readonly Field[] {
  const root: Field[] = [];
  const open: Field[][] = [root];
  for (const { flags, content } of frames) {
    const here = open.at(-1);
    if ((flags & flag.structEnd) !== 0) open.pop();
    else if ((flags & flag.structBegin) !== 0) {
      const inner: Field[] = [];
      here?.push(inner);
      open.push(inner);
    } else here?.push((flags & flag.null) === 0 ? content : null);
    if (open.length === 0 || open.length > depthLimit) throw new MalformedError("structures that do not nest");
  }
  if (open.length !== 1) throw new MalformedError("a structure without an end");
  return root;
}

/** @throws MalformedError when the field is not a frame of at least so many bytes. */
export function bytesAt(fields: readonly Field[], index: number, leastBytes = 0): Buffer {
  const field = fields[index];
  if (!Buffer.isBuffer(field) || field.length < leastBytes) {
    throw new MalformedError(`field ${index}: ${leastBytes} bytes or more expected`);
  }
  return field;
}

export function textAt(fields: readonly Field[], index: number): string {
  return bytesAt(fields, index).toString("utf8");
}

/** Undefined for null, and for a field that an older version does not send. */
export function optionalTextAt(fields: readonly Field[], index: number): string | undefined {
  return fields[index] === null || fields[index] === undefined ? undefined : textAt(fields, index);
}

function listAt(fields: readonly Field[], index: number): readonly Field[] {
  const field = fields[index];
  if (!isList(field)) throw new MalformedError(`field ${index}: a list expected`);
  return field;
}

/** The field's elements, each a structure. */
export function structsAt(fields: readonly Field[], index: number): readonly (readonly Field[])[] {
  return listAt(fields, index).map((element) => {
    if (!isList(element)) throw new MalformedError(`field ${index}: a list of structures expected`);
    return element;
  });
}

function isList(field: Field | undefined): field is readonly Field[] {
  return Array.isArray(field);
}

/** Nullable UUID: one byte says null, then two int64, little endian. Seventeen bytes in all. */
export const uuidBytes = 17;

export function uuidAt(bytes: Buffer, at: number): string | undefined {
  if (bytes.length < at + uuidBytes) throw new MalformedError("a UUID cut short");
  if (bytes[at] !== 0) return undefined;
  const hex = [at + 1, at + 9].map((half) => bytes.readBigUInt64LE(half).toString(16).padStart(16, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function uuidField(uuid: string | undefined): Buffer {
  const bytes = Buffer.alloc(uuidBytes);
  if (uuid === undefined) {
    bytes[0] = 1;
    return bytes;
  }
  const hex = uuid.replaceAll("-", "");
  bytes.writeBigUInt64LE(BigInt(`0x${hex.slice(0, 16)}`), 1);
  bytes.writeBigUInt64LE(BigInt(`0x${hex.slice(16)}`), 9);
  return bytes;
}

export function longField(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value, 0);
  return bytes;
}

export function intField(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}
