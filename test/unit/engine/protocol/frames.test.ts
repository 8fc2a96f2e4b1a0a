import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedError } from "../../../../src/engine/protocol/errors.ts";
import { fieldsOf } from "../../../../src/engine/protocol/fields.ts";
import { encodeFrames, type Frame, flag, MessageReader } from "../../../../src/engine/protocol/frames.ts";

const content = (text: string) => Buffer.from(text);
const whole = (...texts: string[]): Frame[] => [
  { flags: flag.unfragmented, content: content(texts[0] ?? "") },
  ...texts.slice(1).map((text) => ({ flags: 0, content: content(text) })),
];
const texts = (messages: Frame[][]) => messages.map((frames) => frames.map((frame) => frame.content.toString()));

function fragment(id: bigint, flags: number, ...parts: string[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigInt64LE(id);
  return encodeFrames([{ flags, content: head }, ...parts.map((part) => ({ flags: 0, content: content(part) }))]);
}

describe("messages in a byte stream", () => {
  test("come out whole, however the stream is cut", () => {
    const cut = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { minLength: 1 }), { minLength: 1 }), cut, (messages, lengths) => {
        const stream = Buffer.concat(messages.map((parts) => encodeFrames(whole(...parts))));
        const reader = new MessageReader(1 << 20);
        const seen: Frame[][] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = lengths[i % lengths.length]!;
          seen.push(...reader.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(texts(seen)).toEqual(messages);
      }),
    );
  });

  test("fragments of several messages, mixed, are put together by their ids", () => {
    const reader = new MessageReader(1 << 20);
    const seen = [
      ...reader.push(fragment(1n, flag.begin, "a", "b")),
      ...reader.push(fragment(2n, flag.begin, "x")),
      ...reader.push(encodeFrames(whole("between"))),
      ...reader.push(fragment(1n, 0, "c")),
      ...reader.push(fragment(2n, flag.end, "y")),
      ...reader.push(fragment(1n, flag.end, "d")),
    ];
    expect(texts(seen)).toEqual([["between"], ["x", "y"], ["a", "b", "c", "d"]]);
  });

  test.each([
    ["a fragment that has no beginning", fragment(5n, flag.end, "a")],
    ["a fragment without an id", encodeFrames([{ flags: flag.begin, content: content("short") }])],
    ["a frame shorter than its header", Buffer.from([5, 0, 0, 0, 0, 0])],
    ["a frame of negative length", Buffer.from([0, 0, 0, 0x80, 0, 0])],
    ["a frame of a gigabyte", Buffer.from([0, 0, 0, 0x40, 0, 0])],
    ["an HTTP answer", content("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("%s is malformed", (_, bytes) => {
    expect(() => new MessageReader(1 << 20).push(bytes)).toThrow(MalformedError);
  });

  test("more than the limit is malformed, whole messages or not", () => {
    const reader = new MessageReader(100);
    const message = encodeFrames(whole("0123456789"));
    expect(() => {
      for (let i = 0; i < 10; i++) reader.push(message);
    }).toThrow(MalformedError);
  });
});

describe("fields of a message", () => {
  const begin = { flags: flag.structBegin, content: Buffer.alloc(0) };
  const end = { flags: flag.structEnd, content: Buffer.alloc(0) };

  test("nest as structures and lists do", () => {
    const value = { flags: 0, content: content("v") };
    const nothing = { flags: flag.null, content: Buffer.alloc(0) };
    expect(fieldsOf([value, begin, begin, value, end, nothing, end, value])).toEqual([
      content("v"),
      [[content("v")], null],
      content("v"),
    ]);
  });

  test.each([
    ["an end without a begin", [end]],
    ["a begin without an end", [begin]],
    ["a hundred thousand begins", Array.from({ length: 100_000 }, () => begin)],
  ])("%s is malformed", (_, frames) => {
    expect(() => fieldsOf(frames)).toThrow(MalformedError);
  });
});
