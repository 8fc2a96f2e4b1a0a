import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMapWriter, type WriterLimits } from "../../../../src/engine/maps/writer.ts";
import type { Channel } from "../../../../src/engine/protocol/channel.ts";
import { longData, partitionOf } from "../../../../src/engine/protocol/data.ts";
import { EngineError } from "../../../../src/engine/protocol/errors.ts";
import { fieldsOf } from "../../../../src/engine/protocol/fields.ts";
import { MessageReader } from "../../../../src/engine/protocol/frames.ts";
import type { RawEntry } from "../../../../src/engine/protocol/map-messages.ts";
import { encodeMessage, type Message } from "../../../../src/engine/protocol/message.ts";

const partitionCount = 7;
const roomy: WriterLimits = { requestBytes: 256, requestsInFlight: 4, bufferBytes: 1 << 20 };

interface Put {
  readonly partition: number;
  readonly entries: readonly (readonly [key: string, value: string])[];
  answer(error?: Error): void;
}

/** What a member gets, taken from the bytes on the wire; each put waits for its answer, unless `at once`. */
function puts(answering: "at once" | "when told") {
  const sent: Put[] = [];
  const ask = <T>(message: Message<T>) =>
    new Promise<T>((resolve, reject) => {
      const answer = (error?: Error) => (error ? reject(error) : resolve(undefined as T));
      sent.push({ ...putOf(message), answer });
      if (answering === "at once") setImmediate(answer);
    });
  const channel = { ask } as unknown as Channel;
  return { sent, target: { name: "m", partitionCount, channelOf: () => channel } };
}

function putOf(message: Message<unknown>): Omit<Put, "answer"> {
  const [frames = []] = new MessageReader(1 << 24).push(Buffer.concat(encodeMessage(message, 1n)));
  const [, name, list] = fieldsOf(frames);
  expect(String(name)).toBe("m");
  const entries: [string, string][] = [];
  const data = list as readonly Buffer[];
  for (let at = 0; at < data.length; at += 2) entries.push([data[at]!.toString("hex"), data[at + 1]!.toString("hex")]);
  return { partition: message.partition ?? -1, entries };
}

function entry(number: number, bytes: number): RawEntry {
  return { key: longData(BigInt(number)), value: Buffer.alloc(bytes, number) };
}

describe("a writer of a map", () => {
  test("puts every entry once, into the partition of its key, whatever the sizes and limits are", async () => {
    const sizes = fc.array(fc.nat(2_000), { maxLength: 200 });
    const limits = fc.record({
      requestBytes: fc.integer({ min: 1, max: 3_000 }),
      requestsInFlight: fc.integer({ min: 1, max: 5 }),
      bufferBytes: fc.integer({ min: 1, max: 20_000 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, limits, async (bytes, some) => {
        const { sent, target } = puts("at once");
        const writer = createMapWriter(target, some);
        const entries = bytes.map((size, index) => entry(index, size));
        for (let at = 0; at < entries.length; at += 13) await writer.add(entries.slice(at, at + 13));
        await writer.finish();
        for (const { partition, entries: put } of sent) {
          for (const [key] of put) expect(partitionOf(Buffer.from(key, "hex"), partitionCount)).toBe(partition);
        }
        const arrived = sent.flatMap((put) => put.entries);
        expect(arrived.sort()).toEqual(entries.map((e) => [e.key.toString("hex"), e.value.toString("hex")]).sort());
      }),
      { numRuns: 60 },
    );
  });

  test("keeps copies: what the caller does with its bytes afterwards changes nothing", async () => {
    const { sent, target } = puts("at once");
    const writer = createMapWriter(target, roomy);
    const block = Buffer.alloc(10, 5);
    await writer.add([{ key: longData(1n), value: block }]);
    block.fill(9);
    await writer.finish();
    expect(sent[0]!.entries[0]![1]).toBe("05".repeat(10));
  });

  test("has no more requests on their way than allowed, and goes on when one is answered", async () => {
    const { sent, target } = puts("when told");
    const writer = createMapWriter(target, { ...roomy, requestBytes: 1, requestsInFlight: 2 });
    let added = 0;
    const adding = (async () => {
      for (let number = 0; number < 5; number++) {
        await writer.add([entry(number, 10)]);
        added += 1;
      }
      await writer.finish();
    })();
    for (let answered = 0; answered < 5; answered++) {
      while (sent.length <= answered) await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(sent.length).toBeLessThanOrEqual(answered + 2);
      expect(added).toBeLessThanOrEqual(answered + 2);
      sent[answered]!.answer();
    }
    await adding;
    expect(sent).toHaveLength(5);
  });

  test("holds no more than allowed: it sends what it has before it takes more", async () => {
    const { sent, target } = puts("when told");
    const writer = createMapWriter(target, { requestBytes: 1 << 20, requestsInFlight: 4, bufferBytes: 20_000 });
    const adding = writer.add(Array.from({ length: 40 }, (_, number) => entry(number, 1_000)));
    let done = false;
    void adding.finally(() => {
      done = true;
    });
    for (let round = 0; round < 20; round++) await new Promise(setImmediate);
    expect(done).toBe(false);
    for (let index = 0; !done; index++) {
      while (sent.length <= index && !done) await new Promise(setImmediate);
      sent[index]?.answer();
      await new Promise(setImmediate);
    }
    await adding;
  });

  test("fails with the first failure of a put, at once and at the end, and sends no more", async () => {
    const { sent, target } = puts("when told");
    const writer = createMapWriter(target, { ...roomy, requestBytes: 1, requestsInFlight: 1 });
    await writer.add([entry(1, 10)]);
    const second = writer.add([entry(2, 10)]);
    sent[0]!.answer(new EngineError("TargetNotMemberException", "member 10.0.0.1:5701: gone"));
    await expect(second).rejects.toThrow("map m: member 10.0.0.1:5701: gone");
    await expect(writer.finish()).rejects.toThrow("map m: member 10.0.0.1:5701: gone");
    expect(sent).toHaveLength(1);
  });
});
