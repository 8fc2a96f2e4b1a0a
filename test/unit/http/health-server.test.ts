import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterEach, describe, expect, test } from "vitest";
import { healthChecks } from "../../../src/http/health.ts";
import { startHealthServer } from "../../../src/http/health-server.ts";
import type { HttpListener } from "../../../src/http/listener.ts";
import { startMetricsServer } from "../../../src/http/metrics-server.ts";
import { exchange, get, silent, statusOf } from "./sockets.ts";

const loopback = { host: "127.0.0.1", port: 0 };
const running: HttpListener[] = [];

function operator() {
  const state = { now: 0, synced: false, stopping: false };
  const checks = healthChecks({ synced: () => state.synced, stopping: () => state.stopping }, () => state.now);
  return { state, checks };
}

async function serve() {
  const { state, checks } = operator();
  const server = await startHealthServer(loopback, checks, () => undefined);
  running.push(server);
  const ask = async (path: string) => {
    const { text } = await exchange(server.port, get(path));
    const [head = "", body = ""] = text.split("\r\n\r\n");
    return { status: Number(head.split(" ")[1]), body };
  };
  return { state, ask, port: server.port };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

describe("readiness", () => {
  test("comes with filled caches, whoever leads, and goes when the process is told to end", async () => {
    const { state, ask } = await serve();
    expect(await ask("/readyz")).toEqual({
      status: 503,
      body: "[-]caches-filled failed: the caches are not filled yet\n[+]not-stopping ok\n",
    });
    state.synced = true;
    expect(await ask("/readyz")).toEqual({ status: 200, body: "ok\n" });
    state.stopping = true;
    expect(await ask("/readyz")).toMatchObject({ status: 503, body: expect.stringContaining("the process ends") });
  });

  test("stays while caches are being filled again", async () => {
    const { state, ask } = await serve();
    state.synced = true;
    await ask("/readyz");
    state.synced = false;
    expect((await ask("/readyz")).status).toBe(200);
  });
});

describe("liveness", () => {
  test("lets a start take its time, and fails when the caches were never filled", async () => {
    const { state, ask } = await serve();
    expect((await ask("/healthz")).status).toBe(200);
    state.now = 600_000;
    expect(await ask("/healthz")).toMatchObject({
      status: 503,
      body: expect.stringContaining("not filled within 600 s"),
    });
  });

  test("does not fail for caches that were filled once, nor while the process ends", async () => {
    const { state, ask } = await serve();
    state.synced = true;
    await ask("/healthz");
    Object.assign(state, { synced: false, stopping: true, now: 10 * 600_000 });
    expect(await ask("/healthz")).toEqual({ status: 200, body: "ok\n" });
  });

  test("gives no answer while the event loop is stuck", async () => {
    const program = join(import.meta.dirname, "stuck-server.ts");
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const [port] = (await once(child.stdout, "data")) as [Buffer];
      expect(statusOf(await exchange(Number(port), get("/healthz")))).toBe("HTTP/1.1 200 OK");
      child.stdin.write("stick\n");
      await once(child.stdout, "data");
      expect((await exchange(Number(port), get("/healthz"), 3_000)).text).toBe("");
    } finally {
      child.kill("SIGKILL");
    }
  });
});

test("probes are answered while somebody holds every connection of the metrics server", async () => {
  const { ask } = await serve();
  const metrics = await startMetricsServer(loopback, new Registry(), () => undefined);
  running.push(metrics);
  const held = await Promise.all(Array.from({ length: 200 }, () => silent(metrics.port)));
  expect((await ask("/healthz")).status).toBe(200);
  for (const socket of held) socket.destroy();
});

test("nothing but probes is answered on their port, and nothing is changed there", async () => {
  const { ask, port } = await serve();
  expect((await ask("/metrics")).status).toBe(404);
  expect(statusOf(await exchange(port, get("/healthz").replace("GET", "POST")))).toBe(
    "HTTP/1.1 405 Method Not Allowed",
  );
});
