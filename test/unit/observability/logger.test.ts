import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { createLogger, forReconcile, type Logger } from "../../../src/observability/logger.ts";

function capture(format: "json" | "text", level: "info" | "debug" = "info") {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ level, format, stream }), lines };
}

type Line = Partial<Record<"message" | "error" | "env" | "reconcileID", unknown>>;

function jsonOf(act: (logger: Logger) => void): Line {
  const { logger, lines } = capture("json");
  act(logger);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Line;
}

describe("a line of JSON", () => {
  test("has time, level, message and the fields", () => {
    expect(jsonOf((logger) => logger.info("started", { workers: 4 }))).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: "info",
      message: "started",
      workers: 4,
    });
  });

  test("keeps its own time, level and message whatever the fields are called", () => {
    expect(jsonOf((logger) => logger.warn("real", { message: "forged", level: "debug", time: 0 }))).toMatchObject({
      message: "real",
      level: "warn",
      time: expect.stringContaining("T"),
    });
  });

  test("tells an error with its cause, and the stack only of unexpected ones", () => {
    class NotFoundError extends Error {
      override readonly name = "NotFoundError";
      readonly status = 404;
    }
    const expected = new NotFoundError("no pod", { cause: new Error("socket hang up") });
    expect(jsonOf((logger) => logger.error("failed", { error: expected })).error).toEqual({
      name: "NotFoundError",
      message: "no pod",
      status: 404,
      cause: { name: "Error", message: "socket hang up", stack: expect.stringContaining("logger.test.ts") },
    });
  });

  test("comes even when a field cannot be read", () => {
    const field = Object.defineProperty({}, "bad", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    expect(jsonOf((logger) => logger.info("still here", { field }))).toMatchObject({ message: "still here" });
  });

  test("ends cycles and cuts what is long", () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    const line = jsonOf((logger) => logger.info("x".repeat(100_000), { loop, list: Array(10_000).fill(1) }));
    expect(JSON.stringify(line).length).toBeLessThan(12_000);
  });
});

describe("a line for people", () => {
  test("has one line of text with the fields after it", () => {
    const { logger, lines } = capture("text");
    logger.info("scaled", { cluster: "shop/orders", to: 5, why: "two words" });
    expect(lines.join("")).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}scaled cluster=shop\/orders to=5 why="two words"\n$/,
    );
  });

  test("cannot be forged by line ends or terminal codes in what others wrote", () => {
    const { logger, lines } = capture("text");
    logger.info("a\nERROR forged\u001b[31m", { name: "b\nERROR forged\u2028" });
    expect(lines.join("").trimEnd().split("\n")).toHaveLength(1);
    expect(lines.join("")).not.toContain("\u001b");
  });
});

describe("secrets", () => {
  const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl-signature";
  const licence = "CUSTOM_TRIAL#100Nodes#abcDEF0123456789#10000_1_00";

  test.each([
    ["a bearer token in a message", `401 for Bearer ${jwt}`, jwt],
    ["a token in the middle of a text", `token is ${jwt}.`, jwt],
    ["a password in a URL", "GET https://admin:hunter22@db/x failed", "hunter22"],
    ["a private key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----", "MHcCAQ"],
    ["a licence key", `licence ${licence} expired`, licence],
  ])("%s is not logged, in message, field or error", (_, text, secret) => {
    const { logger, lines } = capture("json");
    logger.info(text);
    logger.info("field", { detail: { list: [text] } });
    logger.info("error", { error: new Error(text, { cause: new Error(text) }) });
    expect(lines).toHaveLength(3);
    expect(lines.join("")).not.toContain(secret);
  });

  test.each([
    "password",
    "token",
    "clientSecret",
    "Authorization",
    "licenseKey",
    "HZ_LICENSEKEY",
    "license_key",
    "privateKey",
  ])("the value of a field named %s is not logged", (name) => {
    expect(jsonOf((logger) => logger.info("x", { env: { [name]: "hunter22" } })).env).toEqual({
      [name]: "[redacted]",
    });
  });

  test("names of Secrets are", () => {
    const licenseKeySecretRef = { name: "hz-licence", key: "key" };
    expect(jsonOf((logger) => logger.info("x", { licenseKeySecretRef }))).toMatchObject({ licenseKeySecretRef });
  });
});

describe("the logger of one pass", () => {
  test("puts the object and one id on every line", () => {
    const { logger, lines } = capture("json");
    const pass = forReconcile(logger, "jetcluster", "shop/orders");
    pass.info("one");
    pass.child({ step: "Form" }).info("two");
    const [one, two] = lines.map((line) => JSON.parse(line) as Line);
    expect(one).toMatchObject({ controller: "jetcluster", namespace: "shop", name: "orders" });
    expect(two).toMatchObject({ name: "orders", step: "Form", reconcileID: one?.reconcileID });
    expect(one?.reconcileID).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test("what is below the level is not logged", () => {
  const { logger, lines } = capture("json", "info");
  logger.debug("quiet");
  expect(lines).toEqual([]);
});
