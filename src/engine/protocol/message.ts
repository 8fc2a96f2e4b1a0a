import { EngineError, MalformedError } from "./errors.ts";
import { bytesAt, type Field, fieldsOf, optionalTextAt, structsAt, textAt } from "./fields.ts";
import { encodeFrames, type Frame, flag, offset } from "./frames.ts";

/** A question to a member, and how its answer is read. */
export interface Message<T> {
  /** Service and method, as `0xFE0300`. The answer's type is one more. */
  readonly type: number;
  /** The partition whose owner must answer; any member passes it on. Absent: the member asked answers. */
  readonly partition?: number;
  /** Fixed-size parameters, one after the other. */
  readonly fixed?: readonly Buffer[];
  /** The other parameters. A nested array is a list. */
  readonly fields?: readonly Field[];
  /** Whole frames that follow the fields, encoded already; the last of them is marked as the message's last. */
  readonly encoded?: Buffer;
  /** Reads the answer: its fixed results and its other fields. @throws MalformedError */
  read(fixed: Buffer, fields: readonly Field[]): T;
}

/** The parts of a message, to be written one after the other. */
export function encodeMessage(message: Message<unknown>, correlation: bigint): Buffer[] {
  const head = Buffer.alloc(offset.requestFixed);
  head.writeInt32LE(message.type, offset.type);
  head.writeBigInt64LE(correlation, offset.correlation);
  head.writeInt32LE(message.partition ?? -1, offset.partition);
  const first = { flags: flag.unfragmented, content: Buffer.concat([head, ...(message.fixed ?? [])]) };
  const frames = [first, ...(message.fields ?? []).flatMap(framesOf)];
  return message.encoded ? [encodeFrames(frames, 0), message.encoded] : [encodeFrames(frames)];
}

function framesOf(field: Field): Frame[] {
  if (field === null) return [{ flags: flag.null, content: Buffer.alloc(0) }];
  if (Buffer.isBuffer(field)) return [{ flags: 0, content: field }];
  const begin = { flags: flag.structBegin, content: Buffer.alloc(0) };
  const end = { flags: flag.structEnd, content: Buffer.alloc(0) };
  return [begin, ...(field as readonly Field[]).flatMap(framesOf), end];
}

export interface Incoming {
  readonly type: number;
  readonly correlation: bigint;
  /** True for what a listener is told, which answers no question. */
  readonly event: boolean;
  readonly fixed: Buffer;
  readonly fields: readonly Field[];
}

export function readIncoming(frames: readonly Frame[]): Incoming {
  const [head, ...fields] = fieldsOf(frames);
  const fixed = bytesAt([head ?? null], 0, offset.responseFixed);
  return {
    type: fixed.readInt32LE(offset.type),
    correlation: fixed.readBigInt64LE(offset.correlation),
    event: ((frames[0]?.flags ?? 0) & flag.event) !== 0,
    fixed,
    fields,
  };
}

/** @throws EngineError when the engine answered with an exception. @throws MalformedError */
export function readAnswer<T>(message: Message<T>, incoming: Incoming): T {
  if (incoming.type === 0) throw errorOf(incoming.fields);
  if (incoming.type !== message.type + 1) throw new MalformedError(`an answer of type ${incoming.type}`);
  return message.read(incoming.fixed, incoming.fields);
}

/** Errors come as the exception and its causes; the last one says most. */
function errorOf(fields: readonly Field[]): EngineError {
  const causes = structsAt(fields, 0).map((holder) => ({
    kind: kindOf(textAt(holder, 1)),
    message: optionalTextAt(holder, 2) ?? "",
  }));
  const [outer] = causes;
  if (!outer) throw new MalformedError("an error without a cause");
  const told = causes.map((cause) => cause.message).findLast((message) => message !== "");
  return new EngineError(outer.kind, told ?? "");
}

/** `java.lang.IllegalStateException` → `IllegalStateException`. */
function kindOf(className: string): string {
  const simple = className.split(/[.$]/).at(-1) ?? "";
  return /^\w{1,100}$/.test(simple) ? simple : "Exception";
}
