import { describe, expect, test } from "vitest";
import { createMapReader } from "../../../../src/engine/maps/reader.ts";
import type { Channel } from "../../../../src/engine/protocol/channel.ts";
import { intField, longField } from "../../../../src/engine/protocol/fields.ts";
import type { Message } from "../../../../src/engine/protocol/message.ts";

/** A partition of `sizes.length` entries of these sizes; it gives as many as it is asked for, and where to go on. */
function partitionWith(sizes: readonly number[]) {
  const asked: number[] = [];
  const ask = async <T>(message: Message<T>) => {
    const count = message.fixed![0]!.readInt32LE(0);
    const pointers = (message.fields![1] as Buffer).readInt32LE(0);
    const from = pointers === 0x7fff_ffff ? 0 : pointers;
    asked.push(count);
    const data = sizes
      .slice(from, from + count)
      .flatMap((size, index) => [longField(BigInt(from + index)), Buffer.alloc(size)]);
    const next = from + count < sizes.length ? from + count : -1;
    return message.read(Buffer.alloc(14), [Buffer.concat([intField(next), intField(64)]), data]);
  };
  const channel = { ask } as unknown as Channel;
  return { asked, target: { name: "m", channelOf: () => channel } };
}

async function keysOf(reader: ReturnType<typeof createMapReader>): Promise<number[]> {
  const keys: number[] = [];
  for await (const batch of reader.partition(0)) keys.push(...batch.map(({ key }) => Number(key.readBigInt64LE(0))));
  return keys;
}

describe("a reader of a map", () => {
  test("gives every entry of a partition once, in as many batches as it takes", async () => {
    const { target } = partitionWith(Array.from({ length: 1_000 }, () => 92));
    expect(await keysOf(createMapReader(target, 10_000))).toEqual(Array.from({ length: 1_000 }, (_, key) => key));
  });

  test("asks for few entries first and then for as many as the largest so far lets fit into a batch", async () => {
    const { asked, target } = partitionWith([...Array.from({ length: 200 }, () => 92), 9_992, ...Array(50).fill(2)]);
    await keysOf(createMapReader(target, 20_000));
    expect(asked.slice(0, 2)).toEqual([8, 200]);
    expect(asked.slice(2)).toEqual(Array(asked.length - 2).fill(2));
  });

  test("asks for one entry at a time when each is larger than a batch, and gives nothing for an empty partition", async () => {
    const large = partitionWith([...Array(8).fill(50_000), 50_000, 50_000]);
    expect(await keysOf(createMapReader(large.target, 20_000))).toHaveLength(10);
    expect(large.asked).toEqual([8, 1, 1]);
    expect(await keysOf(createMapReader(partitionWith([]).target, 20_000))).toEqual([]);
  });
});
