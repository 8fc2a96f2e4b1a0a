import { describe, expect, test } from "vitest";
import { openChannel } from "../../../../src/engine/protocol/channel.ts";
import { intField } from "../../../../src/engine/protocol/fields.ts";
import { fetchEntries, firstPointers, mapSize } from "../../../../src/engine/protocol/map-messages.ts";
import { fakeMember, type Reply } from "../fake-member.ts";

const silent: Reply = { raw: () => {} };
const limits = { connectMillis: 10_000, idleMillis: 20_000, answerBytes: 1 << 20 };

function channelTo(address: { host: string; port: number }, more: Partial<typeof limits> = {}, signal?: AbortSignal) {
  const request = { address, clusterName: "orders", limits: { ...limits, ...more } };
  return openChannel({ ...request, signal: signal ?? new AbortController().signal });
}

describe("a channel to a member", () => {
  test("answers many questions at once, more than one conversation may receive in all", async () => {
    const value = Buffer.alloc(300_000);
    const entries = { fields: [firstPointers, [Buffer.alloc(16), value]] };
    await using member = await fakeMember({ 79872: entries });
    const channel = await channelTo(member.address);
    for (let round = 0; round < 5; round++) {
      const questions = [0, 1, 2].map((partition) => channel.ask(fetchEntries("m", partition, firstPointers, 10)));
      for (const { entries: [first] = [] } of await Promise.all(questions)) expect(first?.value.length).toBe(300_000);
    }
    channel.close();
    await member.allClosed();
  });

  test("is over when the member sends an answer larger than allowed, and says which member it was", async () => {
    const entries = { fields: [firstPointers, [Buffer.alloc(16), Buffer.alloc(2 << 20)]] };
    await using member = await fakeMember({ 79872: entries });
    const channel = await channelTo(member.address);
    await expect(channel.ask(fetchEntries("m", 0, firstPointers, 10))).rejects.toThrow(
      `member 127.0.0.1:${member.address.port}: a frame of 2097158 bytes`,
    );
    await member.allClosed();
  });

  test("gives up a member that owes an answer and moves no byte, and says which member it was", async () => {
    await using member = await fakeMember({ 76288: silent });
    const channel = await channelTo(member.address, { idleMillis: 100 });
    await expect(channel.ask(mapSize("m"))).rejects.toThrow(
      `member 127.0.0.1:${member.address.port}: not a byte for 100 ms`,
    );
    await expect(channel.ask(mapSize("m"))).rejects.toThrow("not a byte for 100 ms");
    await member.allClosed();
  });

  test("does not give up a member that nobody asks anything, and pings it", async () => {
    await using member = await fakeMember({ 2816: {}, 76288: { fixed: [intField(7)] } });
    const channel = await channelTo(member.address, { idleMillis: 200 });
    while (member.asked.filter((type) => type === 0x000b00).length < 4) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await channel.ask(mapSize("m"))).toBe(7);
    channel.close();
    await member.allClosed();
  });

  test("ends with its signal: what is on its way fails, and nothing stays open", async () => {
    const stopping = new AbortController();
    await using member = await fakeMember({ 76288: silent });
    const channel = await channelTo(member.address, {}, stopping.signal);
    const question = channel.ask(mapSize("m"));
    stopping.abort();
    await expect(question).rejects.toThrow("given up by the asker");
    await member.allClosed();
    await expect(channelTo(member.address, {}, stopping.signal)).rejects.toThrow("given up by the asker");
  });

  test("names the member that nobody listens at, and the one that lets nobody in", async () => {
    const member = await fakeMember({});
    const { address } = member;
    await member[Symbol.asyncDispose]();
    await expect(channelTo(address)).rejects.toThrow(`member 127.0.0.1:${address.port}: connection refused`);
    await using refusing = await fakeMember({ 256: { error: { className: "a.b.Closed", message: "not ready" } } });
    await expect(channelTo(refusing.address)).rejects.toThrow(`member 127.0.0.1:${refusing.address.port}: not ready`);
    await refusing.allClosed();
  });
});
