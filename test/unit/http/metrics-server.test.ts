import { Counter, Registry } from "prom-client";
import { afterEach, describe, expect, test } from "vitest";
import type { HttpListener } from "../../../src/http/listener.ts";
import { startMetricsServer } from "../../../src/http/metrics-server.ts";
import { exchange, get, silent, statusOf } from "./sockets.ts";

const loopback = { host: "127.0.0.1", port: 0 };
const running: HttpListener[] = [];

async function serve(registry = new Registry()) {
  const faults: unknown[] = [];
  const server = await startMetricsServer(loopback, registry, (error) => faults.push(error));
  running.push(server);
  return { port: server.port, faults };
}

function counted(): Registry {
  const registry = new Registry();
  new Counter({ name: "seen_total", help: "Seen.", registers: [registry] }).inc(3);
  return registry;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

describe("/metrics", () => {
  test("is served in the text format that Prometheus accepts", async () => {
    const { port } = await serve(counted());
    const { text } = await exchange(port, get("/metrics"));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/content-type: text\/plain; (charset=utf-8; )?version=0\.0\.4/i);
    expect(text).toContain("seen_total 3\n");
  });

  test("answers HEAD without a body", async () => {
    const { port } = await serve(counted());
    const { text } = await exchange(port, get("/metrics").replace("GET", "HEAD"));
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text.endsWith("\r\n\r\n")).toBe(true);
  });

  test("says 500 without details when it cannot be rendered, tells the operator's log, and recovers", async () => {
    const registry = counted();
    const render = registry.metrics.bind(registry);
    registry.metrics = () => Promise.reject(new Error("secret detail"));
    const { port, faults } = await serve(registry);
    const failed = await exchange(port, get("/metrics"));
    expect(statusOf(failed)).toBe("HTTP/1.1 500 Internal Server Error");
    expect(failed.text).not.toContain("secret detail");
    expect(faults).toEqual([new Error("secret detail")]);
    registry.metrics = render;
    expect(statusOf(await exchange(port, get("/metrics")))).toBe("HTTP/1.1 200 OK");
  });

  test("is rendered once for scrapes that come together", async () => {
    const registry = counted();
    let renderings = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    registry.metrics = async () => {
      renderings++;
      await held;
      return "x 1\n";
    };
    const { port } = await serve(registry);
    const scrapes = [1, 2, 3, 4].map(() => exchange(port, get("/metrics")));
    await exchange(port, get("/other"));
    release();
    for (const { text } of await Promise.all(scrapes)) expect(text).toContain("x 1\n");
    expect(renderings).toBeLessThan(4);
  });
});

describe("what else may be sent", () => {
  test.each([
    ["an unknown path", get("/"), "404 Not Found"],
    ["a path in capitals", get("/METRICS"), "404 Not Found"],
    ["a path with a slash too many", get("/metrics/"), "404 Not Found"],
    ["a way up", get("/../../etc/passwd"), "404 Not Found"],
    ["a hidden way up", get("/metrics/%2e%2e/%2e%2e/etc/passwd"), "404 Not Found"],
    ["a NUL in the path", get("/metrics%00"), "404 Not Found"],
    ["a path that cannot be decoded", get("/%c0%ae%"), "404 Not Found"],
    ["a query", get("/metrics?name[]=x&__proto__[a]=b"), "200 OK"],
    ["DELETE", get("/metrics").replace("GET", "DELETE"), "405 Method Not Allowed"],
    ["OPTIONS", get("/metrics").replace("GET", "OPTIONS"), "405 Method Not Allowed"],
    ["an unknown method", get("/metrics").replace("GET", "BREW"), "400 Bad Request"],
    ["a body", get("/metrics", "Content-Length: 3\r\n").concat("abc"), "413 Payload Too Large"],
    ["a huge announced body", get("/metrics", "Content-Length: 999999999999\r\n"), "413 Payload Too Large"],
    [
      "a chunked body",
      get("/metrics", "Transfer-Encoding: chunked\r\n").concat("3\r\nabc\r\n0\r\n\r\n"),
      "413 Payload Too Large",
    ],
    ["two lengths", get("/metrics", "Content-Length: 1\r\nContent-Length: 2\r\n"), "400 Bad Request"],
    ["length and chunks", get("/metrics", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), "400 Bad Request"],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400 Bad Request"],
    [
      "a header without end",
      `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}`,
      "431 Request Header Fields Too Large",
    ],
    ["no host", "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", "400 Bad Request"],
  ])("%s gets its answer, and the connection ends", async (_, bytes, status) => {
    const { port, faults } = await serve(counted());
    const answer = await exchange(port, bytes);
    expect(statusOf(answer)).toBe(`HTTP/1.1 ${status}`);
    expect(answer.closed).toBe(true);
    expect(faults).toEqual([]);
  });

  test("405 says what is allowed; nothing tells the server's make", async () => {
    const { port } = await serve();
    const { text } = await exchange(port, get("/metrics").replace("GET", "PUT"));
    expect(text).toMatch(/allow: GET, HEAD/i);
    expect(text).not.toMatch(/express|x-powered-by|^server:/im);
  });

  test("many requests on one connection are answered in order", async () => {
    const { port } = await serve(counted());
    const one = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    const { text } = await exchange(port, one.repeat(20) + get("/metrics"));
    expect(text.match(/^HTTP\/1\.1 200 OK/gm)).toHaveLength(21);
  });

  test("a request that never ends is ended", async () => {
    const { port } = await serve();
    const { text, closed } = await exchange(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n", 25_000);
    expect(closed).toBe(true);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  });
});

test("more connections than it takes are turned away, and those that end make room", async () => {
  const { port } = await serve(counted());
  const held = await Promise.all(Array.from({ length: 128 }, () => silent(port)));
  expect((await exchange(port, get("/metrics"))).text).toBe("");
  for (const socket of held) socket.destroy();
  await expect
    .poll(async () => statusOf(await exchange(port, get("/metrics"))), { timeout: 20_000 })
    .toBe("HTTP/1.1 200 OK");
});

test("an address that is taken is named", async () => {
  const { port } = await serve();
  await expect(startMetricsServer({ host: "127.0.0.1", port }, new Registry(), () => undefined)).rejects.toThrow(
    `/metrics cannot be served at 127.0.0.1:${port}: listen EADDRINUSE`,
  );
});
