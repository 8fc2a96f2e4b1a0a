import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { MemberAddress } from "../../../src/engine/addresses.ts";

/** A server on loopback that says whatever a test wants, byte by byte. */
export interface RawServer extends AsyncDisposable {
  readonly address: MemberAddress;
  /** Everything received so far, one entry a connection. */
  readonly received: readonly string[];
  /** Resolves when every connection that was opened is gone again. */
  allClosed(): Promise<void>;
}

/** `onRequest` runs once a connection, when its first bytes have come. */
export async function serveRaw(onRequest: (socket: Socket, request: string) => void): Promise<RawServer> {
  const received: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const index = received.push("") - 1;
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
    socket.once("data", () => setImmediate(() => onRequest(socket, received[index]!)));
    socket.on("data", (bytes) => {
      received[index] += bytes.toString("latin1");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    received,
    async allClosed() {
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Bytes of a recorded answer of a real engine; undefined where the engine closed without a word. */
function recorded(version: string, name: string): Buffer | undefined {
  const text = readFileSync(join(import.meta.dirname, "../../fixtures/engine", version, `${name}.txt`), "latin1");
  const start = text.indexOf("HTTP/1.1");
  if (start < 0) return undefined;
  const bodyAt = text.indexOf("\r\n\r\n", start) + 4;
  const length = Number(/Content-Length: (\d+)/.exec(text)?.[1] ?? 0);
  return Buffer.from(text.slice(start, bodyAt + length), "latin1");
}

/** A server that answers every request with this recorded answer. */
export function serveRecorded(version: string, name: string): Promise<RawServer> {
  const answer = recorded(version, name);
  return serveRaw((socket) => socket.end(answer ?? ""));
}

export function httpReply(status: string, body: string | Buffer, headers: Record<string, string> = {}): Buffer {
  const all = { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(body)), ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${head.join("")}\r\n`), Buffer.from(body)]);
}
