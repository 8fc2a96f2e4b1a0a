import { MalformedError } from "./errors.ts";

/** One frame: its flags and its content, without the six bytes of header. */
export interface Frame {
  readonly flags: number;
  readonly content: Buffer;
}

/** Header: int32 length (these six bytes included) and uint16 flags, little endian. Seen on 4.2 to 5.7. */
export const headerBytes = 6;
export const flag = {
  begin: 0x8000,
  end: 0x4000,
  unfragmented: 0xc000,
  final: 0x2000,
  structBegin: 0x1000,
  structEnd: 0x0800,
  null: 0x0400,
  event: 0x0200,
} as const;

/** Offsets within the first frame of a message. */
export const offset = { type: 0, correlation: 4, partition: 12, requestFixed: 16, responseFixed: 13 } as const;

/** One buffer; its last frame gets the flag `last`. */
export function encodeFrames(frames: readonly Frame[], last: number = flag.final): Buffer {
  const bytes = Buffer.allocUnsafe(frames.reduce((sum, { content }) => sum + headerBytes + content.length, 0));
  let at = 0;
  for (const [index, { flags, content }] of frames.entries()) {
    at = writeFrame(bytes, at, index === frames.length - 1 ? flags | last : flags, content);
  }
  return bytes;
}

/** Writes one frame at `at`, where there must be room for it. @returns where the next one begins */
export function writeFrame(into: Buffer, at: number, flags: number, content: Buffer): number {
  into.writeInt32LE(headerBytes + content.length, at);
  into.writeUInt16LE(flags, at + 4);
  content.copy(into, at + headerBytes);
  return at + headerBytes + content.length;
}

/** Frames of six bytes each would cost thirty times their size in memory. A list of 25,000 jobs stays below. */
const framesLimit = 200_000;

/**
 * Cuts a byte stream into messages (lists of frames), putting fragmented ones together. Takes no more than `limitBytes`
 * and 200,000 frames: over its whole life, which is one conversation, or, if `bounds` says so, from the end of one message
 * to the end of the next.
 */
export class MessageReader {
  readonly #limitBytes: number;
  readonly #bounds: "Conversation" | "Message";
  #received = 0;
  #framesSeen = 0;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #frames: Frame[] = [];
  readonly #fragments = new Map<bigint, Frame[]>();

  constructor(limitBytes: number, bounds: "Conversation" | "Message" = "Conversation") {
    this.#limitBytes = limitBytes;
    this.#bounds = bounds;
  }

  /** Messages that these bytes complete. @throws MalformedError */
  push(chunk: Buffer): Frame[][] {
    this.#received += chunk.length;
    if (this.#received > this.#limitBytes) throw new MalformedError(`more than ${this.#limitBytes} bytes`);
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const messages: Frame[][] = [];
    for (let frame = this.#nextFrame(); frame; frame = this.#nextFrame()) {
      this.#framesSeen += 1;
      if (this.#framesSeen > framesLimit) throw new MalformedError(`more than ${framesLimit} frames`);
      this.#frames.push(frame);
      if ((frame.flags & flag.final) === 0) continue;
      const whole = this.#assemble(this.#frames);
      this.#frames = [];
      if (!whole) continue;
      messages.push(whole);
      if (this.#bounds === "Message") this.#countAnew();
    }
    return messages;
  }

  #countAnew(): void {
    this.#received = this.#buffered;
    this.#framesSeen = 0;
  }

  #nextFrame(): Frame | undefined {
    if (this.#buffered < headerBytes) return undefined;
    const first = this.#joined(headerBytes);
    const length = first.readInt32LE(0);
    if (length < headerBytes || length > this.#limitBytes) throw new MalformedError(`a frame of ${length} bytes`);
    if (this.#buffered < length) return undefined;
    const bytes = this.#joined(length);
    this.#chunks[0] = bytes.subarray(length);
    this.#buffered -= length;
    return { flags: bytes.readUInt16LE(4), content: bytes.subarray(headerBytes, length) };
  }

  /** The first chunk, made to hold at least `length` bytes. Joins only when it must, so that many chunks stay cheap. */
  #joined(length: number): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= length) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  /** A fragment's first frame carries only its id; a whole message carries BEGIN and END at once. */
  #assemble(frames: Frame[]): Frame[] | undefined {
    const [first, ...rest] = frames;
    if (!first) return undefined;
    if ((first.flags & flag.unfragmented) === flag.unfragmented) return frames;
    if (first.content.length < 8) throw new MalformedError("a fragment without an id");
    const id = first.content.readBigInt64LE(0);
    const before = (first.flags & flag.begin) === 0 ? this.#fragments.get(id) : [];
    if (!before) throw new MalformedError("a fragment without its beginning");
    const together = [...before, ...rest];
    if ((first.flags & flag.end) === 0) {
      this.#fragments.set(id, together);
      return undefined;
    }
    this.#fragments.delete(id);
    return together;
  }
}
