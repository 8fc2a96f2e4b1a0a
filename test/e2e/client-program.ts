/**
 * Runs in a pod of the test cluster: the official Node client behind a small HTTP server, and a port probe. Environment:
 * CLUSTER_NAME and ADDRESS (host:port) of the engine; without them there is no client, only the probe.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";
import { Client } from "hazelcast-client";

const { CLUSTER_NAME: clusterName, ADDRESS: address } = process.env;

type HazelcastClient = Awaited<ReturnType<typeof Client.newHazelcastClient>>;

let client: HazelcastClient | undefined;

async function connectClient(name: string, member: string): Promise<void> {
  client = await Client.newHazelcastClient({
    clusterName: name,
    network: { clusterMembers: [member] },
    // For ever: a closed gate is to be waited for.
    connectionStrategy: { connectionRetry: { clusterConnectTimeoutMillis: -1, maxBackoffMillis: 1_000 } },
    // What the sample job writes under numbers are Java longs.
    serialization: { defaultNumberType: "long" },
  });
}

interface Question {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

async function answer({ method, path, query, body }: Question): Promise<unknown> {
  const [topic, mapName = "", part, key = ""] = path;
  if (topic === "connect") return probe(query.get("host") ?? "", Number(query.get("port")));
  if (topic === "state") return { connected: client?.getLifecycleService().isRunning() === true };
  if (!client) throw new Error("the client is not connected");
  if (topic === "members") {
    const members = client.getCluster().getMembers();
    return members.map((member) => ({ uuid: member.uuid.toString(), address: member.address.toString() }));
  }
  const map = await client.getMap<string | number, unknown>(mapName);
  if (part === "size") return map.size();
  if (part === undefined) return (await map.entrySet()).map(([name, value]) => [plain(name), plain(value)]);
  if (part === "fill") return fill(map, JSON.parse(body) as Slice);
  if (part === "differing") return differing(map, JSON.parse(body) as Slice);
  if (method === "PUT") {
    await map.set(keyFrom(key), JSON.parse(body));
    return null;
  }
  return plain(await map.get(keyFrom(key)));
}

/**
 * Entries with the keys "`from`" to "`to` − 1", whose values follow from their key. As text: the client 5.7.0 writes any
 * number that is to be a long as 0.
 */
interface Slice {
  readonly from: number;
  readonly to: number;
  /** Characters of a value. */
  readonly length: number;
}

type AnyMap = Awaited<ReturnType<HazelcastClient["getMap"]>>;
const atOnce = 100;

async function fill(map: AnyMap, { from, to, length }: Slice): Promise<null> {
  for (let key = from; key < to; key += atOnce) {
    await map.setAll(keysFrom(key, Math.min(to, key + atOnce)).map((each) => [each, contentOf(each, length)]));
  }
  return null;
}

/** How many of them are missing or have another value. */
async function differing(map: AnyMap, { from, to, length }: Slice): Promise<number> {
  let right = 0;
  for (let key = from; key < to; key += atOnce) {
    const found = await map.getAll(keysFrom(key, Math.min(to, key + atOnce)));
    right += found.filter(([each, value]) => value === contentOf(String(each), length)).length;
  }
  return to - from - right;
}

const keysFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));

/** No compression makes it small. */
function contentOf(key: string, length: number): string {
  const outputLength = Math.ceil((length * 3) / 4);
  return createHash("shake256", { outputLength }).update(key).digest("base64").slice(0, length);
}

/** `number:7` is the Java long 7; anything else a string. */
const keyFrom = (key: string) => (key.startsWith("number:") ? Number(key.slice(7)) : key);

/** Java longs come as objects of their own; as numbers while those are exact. */
function plain(value: unknown): unknown {
  const isLong = typeof value === "object" && value !== null && "low" in value && "high" in value;
  if (!isLong) return value;
  const number = Number(String(value));
  return Number.isSafeInteger(number) ? number : String(value);
}

function probe(host: string, port: number): Promise<{ open: boolean; error?: string }> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (result: { open: boolean; error?: string }) => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => end({ open: true }));
    socket.on("timeout", () => end({ open: false, error: "no answer" }));
    socket.on("error", (error) => end({ open: false, error: error.message }));
  });
}

createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://pod");
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
  const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
  try {
    const value = await answer({ method: request.method ?? "GET", path, query: url.searchParams, body });
    response.setHeader("content-type", "application/json").end(JSON.stringify(value ?? null));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(8000);

process.on("SIGTERM", () => process.exit(0));
if (clusterName && address) await connectClient(clusterName, address);
