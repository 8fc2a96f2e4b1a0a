import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineJobs } from "../../../src/engine/jobs.ts";
import { encodeFrames } from "../../../src/engine/protocol/frames.ts";
import { fakeMember, membersReply, memberUuid, type Reply, replyFrames, summary } from "./fake-member.ts";
import { serveRaw } from "./wire.ts";

const addresses = podOrLoopbackAddresses();
/** For those that never answer. */
const impatient = createEngineJobs({ addresses, limits: { totalMillis: 500 } });
const patient = createEngineJobs({ addresses });
const signal = new AbortController().signal;
const clusterName = "orders";

const silent = () => {};

describe("a server that, when asked for jobs,", () => {
  const servers: [says: string, serve: (socket: Socket) => void, reason: RegExp][] = [
    ["says nothing", silent, /^NoAnswer: no complete answer within 500 ms$/],
    ["closes", (s) => s.end(), /^NoAnswer: closed by the member$/],
    ["resets", (s) => s.resetAndDestroy(), /^NoAnswer: connection reset$/],
    ["speaks HTTP", (s) => s.end("HTTP/1.1 400 Bad Request\r\n\r\n"), /^Malformed: a frame of \d+ bytes$/],
    ["begins a frame of two gigabytes", (s) => s.write(Buffer.from("ffffff7f00c0", "hex")), /^Malformed: a frame of/],
    ["sends frames without end", (s) => endlessFrames(s), /^Malformed: more than 200000 frames$/],
    ["answers what nobody asked", (s) => s.write(Buffer.from("1a00000000e0".padEnd(52, "0"), "hex")), /^Malformed: /],
    ["sends an empty message", (s) => s.write(Buffer.from("0600000000e0", "hex")), /^Malformed: /],
    ["sends structures that do not nest", (s) => s.write(Buffer.from("060000000028", "hex")), /^Malformed: /],
  ];

  test.each(servers)("%s is no evidence, and its connection is closed", async (_, serve, reason) => {
    await using server = await serveRaw(serve);
    const asker = serve === silent ? impatient : patient;
    const answer = await asker.list({ address: server.address, clusterName }, signal);
    expect(answer).toEqual({ known: false, reason: expect.stringMatching(reason) });
    await server.allClosed();
  });
});

function endlessFrames(socket: Socket): void {
  const frames = Buffer.from("060000000000".repeat(10_000), "hex");
  const more = () => {
    while (!socket.destroyed && socket.write(frames));
  };
  socket.on("drain", more);
  more();
}

describe("a member that, once it has let us in,", () => {
  const silentReply: Reply = { raw: silent };
  const broken: [says: string, reply: Reply, reason: RegExp][] = [
    [
      "answers with another type",
      { raw: (s, q) => s.write(encodeFrames(replyFrames({ ...q, type: 1 }, [], []))) },
      /^Malformed: an answer of type 2$/,
    ],
    ["leaves the list out", {}, /^Malformed: field 0: a list expected$/],
    ["sends a text for the list", { fields: [Buffer.from("jobs")] }, /^Malformed: field 0: a list expected$/],
    [
      "sends a list of texts",
      { fields: [[Buffer.from("job")]] },
      /^Malformed: field 0: a list of structures expected$/,
    ],
    ["cuts a job short", { fields: [[[Buffer.alloc(10), Buffer.from("x")]]] }, /^Malformed: field 0: 37 bytes or more/],
    ["throws without words", { error: { className: "x.y.Bad\nName", message: null } }, /^Refused: Exception: $/],
    [
      "throws with a secret",
      { error: { className: "java.lang.IllegalStateException", message: "token: hunter2 \u202e" } },
      /^Refused: IllegalStateException: token: \[redacted\]$/,
    ],
    ["goes away", { raw: (s) => s.destroy() }, /^NoAnswer: /],
    ["falls silent", silentReply, /^NoAnswer: no complete answer within 500 ms$/],
  ];

  test.each(broken)("%s gives no evidence, and its connection is closed", async (_, reply, reason) => {
    await using member = await fakeMember({ 768: membersReply([memberUuid]), 16649984: reply });
    const asker = reply === silentReply ? impatient : patient;
    const answer = await asker.list({ address: member.address, clusterName }, signal);
    expect(answer).toEqual({ known: false, reason: expect.stringMatching(reason) });
    expect(JSON.stringify(answer)).not.toContain("hunter2");
    await member.allClosed();
  });

  test("has any of its bytes changed is understood or unknown, and always ends", async () => {
    const change = fc.record({ at: fc.nat(400), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(400), async (changes, cut) => {
        const reply: Reply = {
          raw: (socket, question) => {
            const jobs = [
              summary({ id: 1n, name: "a", status: 2 }),
              summary({ id: 2n, name: "b", status: 3, cause: "x" }),
            ];
            const bytes = encodeFrames(replyFrames(question, [], [jobs]));
            for (const { at, to } of changes) bytes[at % bytes.length] = to;
            socket.end(bytes.subarray(0, bytes.length - (cut % 3)));
          },
        };
        await using member = await fakeMember({ 768: membersReply([memberUuid]), 16649984: reply });
        const answer = await patient.list({ address: member.address, clusterName }, signal);
        expect(answer).toMatchObject({ known: expect.any(Boolean) });
        await member.allClosed();
      }),
      { numRuns: 150 },
    );
  });

  test("never tells its members leaves the list unknown", async () => {
    await using member = await fakeMember({ 768: {}, 16649984: { fields: [[]] } });
    const answer = await impatient.list({ address: member.address, clusterName }, signal);
    expect(answer).toEqual({ known: false, reason: "NoAnswer: no complete answer within 500 ms" });
  });

  test("answers in a hundred pieces is understood", async () => {
    const reply: Reply = {
      raw: (socket, question) => {
        const bytes = encodeFrames(replyFrames(question, [], [[summary({ id: 1n, name: "a", status: 2 })]]));
        for (const byte of bytes) socket.write(Buffer.from([byte]));
      },
    };
    await using member = await fakeMember({ 768: membersReply([memberUuid]), 16649984: reply });
    const answer = await patient.list({ address: member.address, clusterName }, signal);
    expect(answer).toMatchObject({ known: true, value: { jobs: [{ id: "0000-0000-0000-0001" }] } });
  });
});

describe("an asker", () => {
  test("that gives up has its connection closed", async () => {
    const given = new AbortController();
    await using member = await fakeMember({ 768: { raw: () => given.abort() } });
    const answer = await patient.list({ address: member.address, clusterName }, given.signal);
    expect(answer).toEqual({ known: false, reason: "NoAnswer: given up by the asker" });
    await member.allClosed();
  });

  test("that gives up during a long watch is let go at once", async () => {
    const given = new AbortController();
    await using member = await fakeMember({
      16649472: { fields: [Buffer.from("00000000ffffffe300000000", "hex")] },
      66048: () => {
        setTimeout(() => given.abort(), 20);
        return { fields: [null] };
      },
    });
    const asked = { address: member.address, clusterName };
    const answer = await patient.checkSnapshot(
      asked,
      "0000-0000-0000-0001",
      { snapshots: 1, watchMillis: 600_000 },
      given.signal,
    );
    expect(answer).toEqual({ known: false, reason: "NoAnswer: given up by the asker" });
    await member.allClosed();
  });

  test("of a refused port hears so", async () => {
    const member = await fakeMember({});
    await member[Symbol.asyncDispose]();
    const answer = await patient.list({ address: member.address, clusterName }, signal);
    expect(answer).toEqual({ known: false, reason: "NoAnswer: connection refused" });
  });

  test("leaves nothing behind: no socket, no timer", async () => {
    await using member = await fakeMember({
      768: membersReply([memberUuid]),
      16649984: { fields: [[]] },
    });
    const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    for (let round = 0; round < 20; round++) await patient.list({ address: member.address, clusterName }, signal);
    await member.allClosed();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length).toBeLessThanOrEqual(before);
    expect(process.getActiveResourcesInfo()).not.toContain("TCPSocketWrap");
  });
});
