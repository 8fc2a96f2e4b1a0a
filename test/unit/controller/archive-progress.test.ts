import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { serveHealth } from "../../../src/archive/work/health.ts";
import { createProgressSource } from "../../../src/controller/archive-progress.ts";
import type { ArchiveWork } from "../../../src/core/evidence/archive.ts";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";

const { signal } = new AbortController();
const key = "shop/orders";
const work: ArchiveWork = {
  ...{ name: "orders-archive", uid: "j1", run: "save/n", phase: "Ready", deleting: false, address: "127.0.0.1" },
  ...{ endedAt: undefined, trouble: undefined, result: undefined },
};
const progress = { step: "copying", entries: 1, entriesTotal: 2, bytes: 3, bytesPerSecond: 4, millisLeft: 5 };

function source(port: number, limits = {}) {
  let now = 5;
  const asked = createProgressSource({ now: () => now, addresses: podOrLoopbackAddresses(), port, limits });
  return {
    at: (seconds: number, by: ArchiveWork | undefined = work) => {
      now = 5 + seconds * 1_000;
      return asked.observe(key, by, signal);
    },
    nobodyAt: (seconds: number) => {
      now = 5 + seconds * 1_000;
      return asked.observe(key, undefined, signal);
    },
  };
}

/** Counts connections that are open, and those that there were. */
async function serveRaw(answer: string | undefined) {
  const counts = { opened: 0, open: 0 };
  const server = createServer((socket) => {
    counts.opened += 1;
    counts.open += 1;
    socket.on("error", () => {});
    socket.on("close", () => {
      counts.open -= 1;
    });
    socket.on("data", () => answer !== undefined && socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{ counts, port },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function closed(counts: { readonly open: number }): Promise<void> {
  for (let tries = 0; counts.open > 0 && tries < 600; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(counts.open).toBe(0);
}

const http = (body: string, status = "200 OK") =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe("how far the Job is", () => {
  test("is what the Job's program tells", async () => {
    await using health = await serveHealth(0);
    const asking = source(health.port);
    expect(await asking.at(0)).toEqual({ known: true, progress: undefined });
    health.progress(progress);
    expect(await asking.at(0.9)).toEqual({ known: true, progress: undefined });
    expect(await asking.at(1)).toEqual({ known: true, progress });
  });

  test("is asked once in ten seconds, and no connection is left", async () => {
    await using server = await serveRaw(http(JSON.stringify(progress)));
    const asking = source(server.port);
    for (const seconds of [0, 2, 9.9]) expect(await asking.at(seconds)).toEqual({ known: true, progress });
    expect(server.counts.opened).toBe(1);
    await asking.at(10);
    expect(server.counts.opened).toBe(2);
    await closed(server.counts);
  });

  test("is asked anew of another Job, and after nobody worked", async () => {
    await using server = await serveRaw(http("{}"));
    const asking = source(server.port);
    await asking.at(0);
    await asking.at(1, { ...work, uid: "j2" });
    await asking.nobodyAt(2);
    await asking.at(3, { ...work, uid: "j2" });
    expect(server.counts.opened).toBe(3);
  });

  test.each<[string, Partial<ArchiveWork>]>([
    ["has no pod yet", { address: undefined }],
    ["is over", { phase: "Succeeded" }],
    ["failed", { phase: "Failed" }],
    ["is being ended", { deleting: true }],
  ])("is not asked of a Job that %s", async (_, more) => {
    await using server = await serveRaw(http("{}"));
    expect(await source(server.port).at(0, { ...work, ...more })).toBeUndefined();
    expect(server.counts.opened).toBe(0);
  });

  test("is asked before the Job is ready: a restore reads its archive first", async () => {
    await using server = await serveRaw(http("{}"));
    expect(await source(server.port).at(0, { ...work, phase: "Starting" })).toEqual({
      known: true,
      progress: undefined,
    });
  });

  test.each([
    ["another status", http("{}", "404 Not Found"), "Malformed: status 404"],
    ["garbage", "SSH-2.0-x\r\n", "Malformed: not HTTP"],
    ["a body without end", http("x".repeat(100_000)), "Malformed: a body above 4096 bytes"],
    ["other JSON", http('{"step":1}'), "Malformed: step"],
  ])("is not known from %s", async (_, answer, reason) => {
    await using server = await serveRaw(answer);
    expect(await source(server.port).at(0)).toEqual({ known: false, reason });
    await closed(server.counts);
  });

  test("is not known where nothing answers, and nothing is waited for beyond the deadline", async () => {
    await using server = await serveRaw(undefined);
    const asking = source(server.port, { totalMillis: 300 });
    expect(await asking.at(0)).toEqual({ known: false, reason: "NoAnswer: no complete answer within 300 ms" });
    await closed(server.counts);
    // Nor is it asked again at once.
    await asking.at(9);
    expect(server.counts.opened).toBe(1);
  });

  test("is never asked of an address that is no pod's", async () => {
    const asking = createProgressSource({ now: () => 0 });
    expect(await asking.observe(key, work, signal)).toEqual({
      known: false,
      reason: "Refused: a loopback address is never asked",
    });
  });
});
