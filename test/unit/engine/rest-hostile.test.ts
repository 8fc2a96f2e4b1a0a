import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { httpReply, type RawServer, serveRaw } from "./wire.ts";

const rest = createEngineRest({ addresses: podOrLoopbackAddresses() });
/** For servers that never end an answer: the same code, less patience. */
const impatient = createEngineRest({ addresses: podOrLoopbackAddresses(), limits: { totalMillis: 500 } });
const signal = new AbortController().signal;

const good = {
  nodeState: "ACTIVE",
  clusterState: "ACTIVE",
  clusterSafe: true,
  migrationQueueSize: 0,
  clusterSize: 3,
};
const goodText = JSON.stringify(good);

function trickle(socket: Socket, first: string, again: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(again), 20);
  socket.once("close", () => clearInterval(timer));
}

/** Writes without end, as fast as the reader takes it. */
function flood(socket: Socket, head: string, chunk: Buffer): void {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

const megabyte = Buffer.alloc(1024 * 1024, 0x20);

const servers: { says: string; serve: (socket: Socket) => void; reason: RegExp }[] = [
  {
    says: "a gigabyte it announces",
    serve: (s) => flood(s, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", megabyte),
    reason: /^Malformed: a body above 65536 bytes$/,
  },
  {
    says: "a gigabyte it does not announce",
    serve: (s) => flood(s, "HTTP/1.1 200 OK\r\n\r\n", megabyte),
    reason: /^Malformed: a body above 65536 bytes$/,
  },
  {
    says: "chunks without end",
    serve: (s) =>
      flood(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Buffer.from(`1000\r\n${" ".repeat(4096)}\r\n`)),
    reason: /^Malformed: a body above 65536 bytes$/,
  },
  {
    says: "a gzip bomb",
    serve: (s) => s.end(httpReply("200 OK", gzipSync(Buffer.alloc(20_000_000)), { "Content-Encoding": "gzip" })),
    reason: /^Malformed: an encoded body$/,
  },
  {
    says: "its header one byte at a time",
    serve: (s) => trickle(s, "HTTP/1.1 200 OK\r\nX-A: ", "a"),
    reason: /^NoAnswer: no complete answer within 500 ms$/,
  },
  {
    says: "its body one byte at a time",
    serve: (s) => trickle(s, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", " "),
    reason: /^NoAnswer: no complete answer within 500 ms$/,
  },
  {
    says: "nothing at all",
    serve: () => {},
    reason: /^NoAnswer: no complete answer within 500 ms$/,
  },
  {
    says: "a header of 17 kilobytes",
    serve: (s) => s.end(`HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(17_000)}\r\n\r\n`),
    reason: /^Malformed: headers too large$/,
  },
  {
    says: "headers without end",
    serve: (s) => flood(s, "HTTP/1.1 200 OK\r\n", Buffer.from("X-A: aaaaaaaaaaaaaaaa\r\n".repeat(200))),
    reason: /^Malformed: headers too large$/,
  },
  {
    says: "informational answers without end",
    serve: (s) => flood(s, "", Buffer.from("HTTP/1.1 102 Processing\r\n\r\n".repeat(50))),
    reason: /^Malformed: informational answers without end$/,
  },
  {
    says: "a switch of protocols",
    serve: (s) => s.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
    reason: /^Malformed: /,
  },
  {
    says: "the greeting of a TLS server that hears plain text",
    serve: (s) => s.end(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])),
    reason: /^Malformed: not HTTP$/,
  },
  {
    says: "a banner of another service",
    serve: (s) => s.end("SSH-2.0-OpenSSH_9.2\r\n"),
    reason: /^Malformed: not HTTP$/,
  },
  { says: "a bare close", serve: (s) => s.end(), reason: /^NotEnabled: / },
  { says: "a reset", serve: (s) => s.resetAndDestroy(), reason: /^NoAnswer: connection reset$/ },
  {
    says: "less than it announced",
    serve: (s) => s.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n${goodText}`),
    reason: /^Malformed: a body that breaks off$/,
  },
  {
    says: "a page with status 200",
    serve: (s) => s.end(httpReply("200 OK", "<html>welcome</html>", { "Content-Type": "text/html" })),
    reason: /^Malformed: not JSON$/,
  },
  {
    says: "the right JSON under another content type",
    serve: (s) => s.end(httpReply("200 OK", goodText, { "Content-Type": "text/plain" })),
    reason: /^Malformed: not JSON$/,
  },
  { says: "an empty 200", serve: (s) => s.end(httpReply("200 OK", "")), reason: /^Malformed: / },
  {
    says: "an error page with a secret in it",
    serve: (s) => s.end(httpReply("500 Internal Server Error", "db password=hunter2 failed")),
    reason: /^Malformed: status 500$/,
  },
  {
    says: "an error of the engine's shape with a secret in it",
    serve: (s) =>
      s.end(
        httpReply(
          "500 Internal Server Error",
          JSON.stringify({
            status: "fail",
            message: `password=hunter2 \u001b[31mred\u202e ${"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9".repeat(2)} ${"x y ".repeat(500)}`,
          }),
        ),
      ),
    reason: /^Refused: status 500, password=\[redacted\] \[31mred \[redacted\] [x y]+\.\.\.$/,
  },
];

async function closedAfterwards(server: RawServer): Promise<void> {
  await server.allClosed();
  expect(server.received).toHaveLength(1);
}

describe("a server that says", () => {
  test.each(servers)("$says is no evidence, and its connection is closed", async ({ serve, reason }) => {
    await using server = await serveRaw(serve);
    const answer = await impatient.health(server.address, signal);
    expect(answer).toEqual({ known: false, reason: expect.stringMatching(reason) });
    expect(answer.known ? "" : answer.reason).not.toMatch(/hunter2|eyJ/);
    expect((answer.known ? "" : answer.reason).length).toBeLessThan(240);
    await closedAfterwards(server);
  });
});

test("gigabytes from twenty members at once take no memory to speak of", async () => {
  const before = process.memoryUsage();
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
  await using server = await serveRaw((socket) => flood(socket, head, megabyte));
  await using endless = await serveRaw((socket) => flood(socket, "HTTP/1.1 200 OK\r\n\r\n", megabyte));
  const asked = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? server : endless).address);
  const answers = await Promise.all(asked.map((address) => rest.health(address, signal)));
  expect(answers.every((answer) => !answer.known)).toBe(true);
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  expect(grown).toBeLessThan(150_000_000);
});

describe("a redirect is never followed:", () => {
  test.each([
    ["to itself", "/hazelcast/health"],
    ["to another host", "http://127.0.0.2:5701/hazelcast/health"],
    ["to a metadata service", "http://169.254.169.254/latest/meta-data"],
  ])("%s", async (_, location) => {
    await using server = await serveRaw((s) => s.end(httpReply("302 Found", goodText, { Location: location })));
    expect(await rest.health(server.address, signal)).toEqual({ known: false, reason: "Malformed: status 302" });
    await closedAfterwards(server);
  });
});

const with_ = (change: Record<string, unknown>) => JSON.stringify({ ...good, ...change });

describe("health that is not exactly the engine's is no evidence:", () => {
  test.each([
    ["safe as text", with_({ clusterSafe: "false" })],
    ["safe as number", with_({ clusterSafe: 1 })],
    ["safe null", with_({ clusterSafe: null })],
    ["safe missing", with_({ clusterSafe: undefined })],
    ["size as text", with_({ clusterSize: "3" })],
    ["size 0", with_({ clusterSize: 0 })],
    ["size a fraction", with_({ clusterSize: 2.5 })],
    ["size without end", goodText.replace(":3", ":1e999")],
    ["negative queue", with_({ migrationQueueSize: -1 })],
    ["queue above any integer", goodText.replace('"migrationQueueSize":0', '"migrationQueueSize":1e300')],
    ["NaN", goodText.replace(":3", ":NaN")],
    ["an unknown node state", with_({ nodeState: "FINE" })],
    ["lower-case state", with_({ clusterState: "active" })],
    ["an array", `[${goodText}]`],
    ["a string", JSON.stringify(goodText)],
    ["null", "null"],
    ["invalid JSON", `${goodText},`],
    ["truncated JSON", goodText.slice(0, -1)],
    ["two documents", `${goodText}${goodText}`],
    ["depth 30,000", `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
    ["a key given twice", goodText.replace('"clusterSafe":true', '"clusterSafe":false,"clusterSafe":true')],
    ["a key given twice in disguise", goodText.replace("{", '{"cluster\\u0053afe":false,')],
    ["a byte order mark", `\ufeff${goodText}`],
  ])("%s", async (_, body) => {
    await using server = await serveRaw((s) => s.end(httpReply("200 OK", body)));
    const answer = await rest.health(server.address, signal);
    expect(answer).toEqual({ known: false, reason: expect.stringMatching(/^Malformed: /) });
  });

  test("bytes that are no UTF-8", async () => {
    const body = Buffer.concat([Buffer.from(`{"x":"`), Buffer.from([0xff]), Buffer.from(`",${goodText.slice(1)}`)]);
    await using server = await serveRaw((s) => s.end(httpReply("200 OK", body)));
    expect(await rest.health(server.address, signal)).toMatchObject({ known: false });
  });

  test("but a field that a later version adds does no harm", async () => {
    await using server = await serveRaw((s) => s.end(httpReply("200 OK", with_({ partitionCount: 271 }))));
    expect(await rest.health(server.address, signal)).toEqual({ known: true, value: good });
  });
});

const uuids = ["a1b2c3d4-0000-4000-8000-000000000001", "a1b2c3d4-0000-4000-8000-000000000002"];
const member = (index: number, change: Record<string, unknown> = {}) => ({
  address: `[10.0.0.${index + 1}]:5701`,
  liteMember: false,
  localMember: index === 0,
  uuid: uuids[index],
  memberVersion: "5.7.0",
  ...change,
});

describe("a view that is not exactly the engine's is no evidence:", () => {
  test.each([
    ["nobody in it", []],
    ["the member asked not in it", [member(1)]],
    ["two members asked", [member(0), member(1, { localMember: true })]],
    ["one uuid twice", [member(0), member(1, { uuid: uuids[0] })]],
    ["one address twice", [member(0), member(1, { address: "[10.0.0.1]:5701" })]],
    ["a uuid that is none", [member(0, { uuid: "../../x" })]],
    ["an address with a line break", [member(0, { address: "[10.0.0.1]:5701\n" })]],
    ["local as text", [member(0, { localMember: "true" })]],
  ])("%s", async (_, members) => {
    await using server = await serveRaw((s) => s.end(httpReply("200 OK", JSON.stringify({ members }))));
    expect(await rest.view(server.address, signal)).toMatchObject({
      known: false,
      reason: expect.stringMatching(/^Malformed: /),
    });
  });
});

describe("ready", () => {
  test("503 is a clear no", async () => {
    await using server = await serveRaw((s) => s.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"));
    expect(await rest.ready(server.address, signal)).toEqual({ known: true, value: false });
  });

  test.each([
    ["200 with a page", httpReply("200 OK", "<html/>")],
    ["503 of a proxy, with a page", httpReply("503 Service Unavailable", "<html/>")],
    ["204", Buffer.from("HTTP/1.1 204 No Content\r\n\r\n")],
    ["401", httpReply("401 Unauthorized", "")],
  ])("%s is no evidence", async (_, reply) => {
    await using server = await serveRaw((s) => s.end(reply));
    expect(await rest.ready(server.address, signal)).toMatchObject({ known: false });
  });
});
