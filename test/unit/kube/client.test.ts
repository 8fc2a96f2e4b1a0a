import { afterEach, describe, expect, test } from "vitest";
import { createKubeClient, type KubeClientOptions } from "../../../src/kube/client.ts";
import {
  ApiError,
  DeadlineError,
  NotLeaderError,
  TooManyRequestsError,
  TransportError,
} from "../../../src/kube/errors.ts";
import { guardWrites } from "../../../src/kube/guard.ts";
import { resources } from "../../../src/kube/objects.ts";
import { freePort } from "../../integration/free-port.ts";
import { type Answer, configFor, json, type StubServer, stubServer } from "./stub-server.ts";

let server: StubServer;
afterEach(() => server?.stop());

const pod = { resource: resources.pods, namespace: "ns", name: "a" };
const write = { fieldManager: "test" };
const busy = { kind: "Status", code: 429, reason: "TooManyRequests", message: "later" };

async function setUp(answer: Answer, options: Partial<KubeClientOptions> = {}) {
  server = await stubServer(answer);
  return createKubeClient({ config: server.config, userAgent: "test/1", ...options });
}

/** Answers each request with the next of these, the last one for ever. */
function inTurn(...answers: Answer[]): Answer {
  let turn = 0;
  return (request, response, body) => {
    const answer = answers[Math.min(turn, answers.length - 1)];
    turn += 1;
    answer?.(request, response, body);
  };
}

const ok: Answer = (_, response) => json(response, 200, { metadata: { name: "a" } });
const later: Answer = (_, response) => json(response, 429, busy, { "retry-after": "0" });
const hangUp: Answer = (request) => request.socket.destroy();
const never: Answer = () => undefined;

describe("requests", () => {
  test("carry the token, the user agent and raw bodies, over connections that are kept", async () => {
    const seen: unknown[] = [];
    const client = await setUp((request, response, body) => {
      seen.push([request.headers.authorization, request.headers["user-agent"], request.headers["content-type"], body]);
      json(response, 200, { unknownField: 1 });
    });
    expect(await client.apply(pod, { kept: true }, { ...write, force: true })).toEqual({ unknownField: 1 });
    for (let call = 0; call < 10; call += 1) await client.get(pod);
    expect(seen[0]).toEqual(["Bearer secret", "test/1", "application/apply-patch+yaml", '{"kept":true}']);
    expect(server.requests[0]).toBe("PATCH /api/v1/namespaces/ns/pods/a?fieldManager=test&force=true");
    expect(server.connections()).toBeLessThanOrEqual(3);
  });

  test("a delete carries its preconditions", async () => {
    const bodies: string[] = [];
    const client = await setUp((_, response, body) => {
      bodies.push(body);
      json(response, 200, {});
    });
    await client.delete(pod, { uid: "u", resourceVersion: "5", gracePeriodSeconds: 0 });
    expect(JSON.parse(bodies[0] ?? "")).toEqual({
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: { uid: "u", resourceVersion: "5" },
      gracePeriodSeconds: 0,
    });
  });

  test.each(["..", "a/b", "a?x=1", "a#", "a%2f", ""])(
    "a name that would change the path is refused: %j",
    async (name) => {
      const client = await setUp(ok);
      expect(() => client.get({ ...pod, name })).toThrow(/accepted is/);
      expect(server.requests).toEqual([]);
    },
  );
});

describe("answers that say no", () => {
  test("become errors with the Status' reason, and without the body in the message", async () => {
    const status = { kind: "Status", code: 403, reason: "Forbidden", message: "no way", details: { name: "a" } };
    const client = await setUp((_, response) => json(response, 403, status));
    const error = await client.get(pod).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "ForbiddenError", status: 403, reason: "Forbidden", details: { name: "a" } });
    expect(String(error)).toBe("ForbiddenError: GET /api/v1/namespaces/ns/pods/a: 403 Forbidden: no way");
  });

  test("a proxy's page is an error, too", async () => {
    const client = await setUp((_, response) => response.writeHead(502).end("<html>bad gateway</html>"));
    await expect(client.get(pod)).rejects.toThrow("502 <html>bad gateway</html>");
  });

  test("an answer that is no JSON is a TransportError", async () => {
    const client = await setUp((_, response) => response.writeHead(200).end("<html>"));
    await expect(client.create(pod, {}, write)).rejects.toThrow(TransportError);
  });
});

describe("trying again", () => {
  test("happens for every verb when the server asks for it", async () => {
    const client = await setUp(inTurn(later, later, ok));
    await client.create(pod, {}, write);
    expect(server.requests).toHaveLength(3);
  });

  test("ends after ten tries", async () => {
    const client = await setUp(later);
    await expect(client.get(pod)).rejects.toThrow(TooManyRequestsError);
    expect(server.requests).toHaveLength(10);
  });

  test("does not begin when the pause asked for is longer than the call may take", async () => {
    const client = await setUp((_, response) => json(response, 429, busy, { "retry-after": "3600" }));
    await expect(client.get(pod, { timeoutMillis: 60_000 })).rejects.toMatchObject({ retryAfterMillis: 3_600_000 });
    expect(server.requests).toHaveLength(1);
  });

  test.each([500, 503])("does not happen for a %i without Retry-After", async (status) => {
    const client = await setUp((_, response) => json(response, status, { kind: "Status", code: status }));
    await expect(client.get(pod)).rejects.toBeInstanceOf(ApiError);
    expect(server.requests).toHaveLength(1);
  });

  test("happens for a read whose connection broke", async () => {
    const client = await setUp(inTurn(hangUp, ok));
    await expect(client.get(pod)).resolves.toMatchObject({ metadata: { name: "a" } });
  });

  test("never happens for a write whose connection broke: it may have been carried out", async () => {
    const client = await setUp(inTurn(hangUp, ok));
    await expect(client.create(pod, {}, write)).rejects.toBeInstanceOf(TransportError);
    await expect(client.delete(pod)).resolves.toBeUndefined();
    expect(server.requests).toEqual([
      "POST /api/v1/namespaces/ns/pods?fieldManager=test",
      "DELETE /api/v1/namespaces/ns/pods/a",
    ]);
  });

  test("an answer that breaks off in the middle is no answer", async () => {
    const half: Answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"half":');
      response.socket?.end();
    };
    const client = await setUp(inTurn(half, half, half, half, ok));
    await expect(client.get(pod)).rejects.toBeInstanceOf(TransportError);
  });

  test("a server that is not there is known not to have got the request", async () => {
    const client = createKubeClient({ config: configFor(`http://127.0.0.1:${await freePort()}`), userAgent: "test" });
    await expect(client.create(pod, {}, write)).rejects.toMatchObject({ code: "ECONNREFUSED", notSent: true });
  });
});

describe("limits", () => {
  test("a call without an answer ends at its deadline", async () => {
    const client = await setUp(never);
    await expect(client.get(pod, { timeoutMillis: 50 })).rejects.toBeInstanceOf(DeadlineError);
  });

  test("an aborted call throws the reason of its signal", async () => {
    const client = await setUp(never);
    const abort = new AbortController();
    const call = client.get(pod, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("no longer wanted")), 50);
    await expect(call).rejects.toThrow("no longer wanted");
  });

  test("no more requests run at the same time than allowed; those that wait can be aborted", async () => {
    let running = 0;
    let most = 0;
    const client = await setUp(
      (_, response) => {
        running += 1;
        most = Math.max(most, running);
        setTimeout(() => {
          running -= 1;
          json(response, 200, {});
        }, 20);
      },
      { maxInFlight: 2 },
    );
    await Promise.all(Array.from({ length: 8 }, () => client.get(pod)));
    expect(most).toBe(2);
    const held = [client.get(pod), client.get(pod)];
    await expect(client.get(pod, { signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
    await Promise.all(held);
  });

  test("every request is told of once, with its outcome", async () => {
    const told: string[] = [];
    const observer: KubeClientOptions["observer"] = {
      requestFinished: ({ method, resource, code }) => told.push(`${method} ${resource} ${code}`),
    };
    const client = await setUp(inTurn(later, ok, hangUp), { observer });
    await client.get(pod);
    await client.create(pod, {}, write).catch(() => undefined);
    expect(told).toEqual(["GET pods 429", "GET pods 200", "POST pods <error>"]);
  });
});

describe("a client that may write only while it leads", () => {
  test("reads always, and sends no write once it may not", async () => {
    const client = guardWrites(await setUp(ok), () => false);
    await client.get(pod);
    await client.list(resources.pods);
    const writes = [
      client.create(pod, {}, write),
      client.replace(pod, {}, write),
      client.apply(pod, {}, { ...write, force: true }),
      client.jsonPatch(pod, [], write),
      client.delete(pod),
    ];
    for (const outcome of await Promise.allSettled(writes)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(NotLeaderError) });
    }
    expect(server.requests.filter((request) => !request.startsWith("GET"))).toEqual([]);
  });

  test("does not send a write again that the server asked to try later, when it has lost the lease meanwhile", async () => {
    let leads = true;
    const client = guardWrites(
      await setUp((_, response) => {
        leads = false;
        json(response, 429, busy, { "retry-after": "0" });
      }),
      () => leads,
    );
    await expect(client.create(pod, {}, write)).rejects.toBeInstanceOf(NotLeaderError);
    expect(server.requests).toHaveLength(1);
  });
});

describe("a watch", () => {
  const query = { namespace: "ns", labelSelector: "a=b", resourceVersion: "7", timeoutSeconds: 300 };
  const line = (name: string) => `${JSON.stringify({ type: "ADDED", object: { metadata: { name } } })}\n`;
  const read = async (client: Awaited<ReturnType<typeof setUp>>, silenceMillis = 60_000, signal?: AbortSignal) => {
    const names: string[] = [];
    try {
      for await (const event of client.stream<{ metadata: { name: string } }>(resources.pods, query, {
        silenceMillis,
        signal,
      })) {
        names.push(event.object.metadata.name);
      }
      return { names };
    } catch (error) {
      return { names, error };
    }
  };

  test("asks for bookmarks and reads lines however they are cut", async () => {
    const client = await setUp((_, response) => {
      const text = `${line("ä")}${line("b")}{"type":"ADDED","object":{"half"`;
      for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
      response.end();
    });
    expect(await read(client)).toEqual({ names: ["ä", "b"] });
    const path =
      "/api/v1/namespaces/ns/pods?watch=true&allowWatchBookmarks=true&labelSelector=a%3Db&resourceVersion=7&timeoutSeconds=300";
    expect(server.requests).toEqual([`GET ${path}`]);
  });

  test("takes an event of five megabytes", async () => {
    const client = await setUp((_, response) => response.end(line("x".repeat(5 * 1024 * 1024))));
    expect((await read(client)).names[0]).toHaveLength(5 * 1024 * 1024);
  });

  test("gives up a line without an end instead of filling the memory", async () => {
    const client = await setUp((request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, "x");
      const timer = setInterval(() => response.write(chunk), 1);
      request.socket.on("close", () => clearInterval(timer));
    });
    const { error } = await read(client);
    expect(error).toBeInstanceOf(TransportError);
    expect(String(error)).toMatch(/a line of more than/);
  });

  test.each<[string, Answer]>([
    ["that is cut off", (_, response) => response.write(line("a"), () => response.destroy())],
    ["with a malformed line", (_, response) => response.end(`${line("a")}{no json\n`)],
    ["that falls silent", (_, response) => response.write(line("a"))],
  ])("one %s is a TransportError after what came before", async (_, answer) => {
    const outcome = await read(await setUp(answer), 1_500);
    expect(outcome.names).toEqual(["a"]);
    expect(outcome.error).toBeInstanceOf(TransportError);
  });

  test("ends with the reason of its signal", async () => {
    const client = await setUp((_, response) => response.write(line("a")));
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 100);
    expect(await read(client, 60_000, abort.signal)).toEqual({ names: ["a"], error: new Error("enough") });
  });

  test("takes no place from other requests", async () => {
    const client = await setUp(
      (request, response) => (request.url?.includes("watch") ? response.write(line("a")) : json(response, 200, {})),
      { maxInFlight: 1 },
    );
    const abort = new AbortController();
    const watching = read(client, 60_000, abort.signal);
    await client.get(pod);
    abort.abort(new Error("enough"));
    await watching;
  });
});
