import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { createInterface } from "node:readline";
import { parse } from "yaml";

/** The part of every object that the watches need. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

export class ApiError extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, answer: string) {
    super(`${method} ${path}: ${status} ${answer.slice(0, 500)}`);
    this.name = "ApiError";
    this.status = status;
  }
}

export interface KubeApi {
  /** A text is sent as it is. @returns the answer's object, or its text when it is none. @throws ApiError for an answer that is not 2xx; Error when there is none. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** Opens a watch; the caller reads lines from it and destroys it. */
  stream(path: string): Promise<IncomingMessage>;
}

type Section = Readonly<Record<string, string>>;

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Section }];
  readonly users: readonly [{ readonly user: Section }];
}

/**
 * A client for the kubeconfigs of the throw-away cluster: one cluster, one user, certificates. The official client
 * would do too, at twice the memory of these always running helpers (125 MB against 59).
 */
export function connect(kubeconfigPath: string): KubeApi {
  const config = parse(readFileSync(kubeconfigPath, "utf8")) as Kubeconfig;
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const server = new URL(required(cluster, "server"));
  const agent = new Agent({
    keepAlive: true,
    ca: credential(cluster, "certificate-authority"),
    cert: credential(user, "client-certificate"),
    key: credential(user, "client-key"),
  });
  const target = { agent, host: server.hostname, port: server.port || 443 };
  return {
    async request(method, path, body, contentType = "application/json") {
      const headers = { accept: "application/json", ...(body !== undefined && { "content-type": contentType }) };
      const sent = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await send({ ...target, method, path, headers, timeout: 30_000 }, sent);
      const text = await readAll(answer);
      if (!isOk(answer)) throw new ApiError(method, path, answer.statusCode ?? 0, text);
      return answer.headers["content-type"]?.startsWith("application/json") ? JSON.parse(text) : text;
    },
    async stream(path) {
      const answer = await send({ ...target, method: "GET", path, timeout: (watchSeconds + 30) * 1000 }, undefined);
      if (!isOk(answer)) throw new ApiError("GET", path, answer.statusCode ?? 0, await readAll(answer));
      return answer;
    },
  };
}

function credential(section: Section, name: string): Buffer {
  const data = section[`${name}-data`];
  if (data !== undefined) return Buffer.from(data, "base64");
  return readFileSync(required(section, name));
}

function required(section: Section, name: string): string {
  const value = section[name];
  if (value === undefined) throw new Error(`kubeconfig: ${name} is missing`);
  return value;
}

const isOk = (answer: IncomingMessage) => answer.statusCode !== undefined && answer.statusCode < 300;

function send(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(options, resolve);
    request.on("timeout", () => request.destroy(new Error(`${options.method} ${options.path}: no answer in time`)));
    request.on("error", reject);
    request.end(body);
  });
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += String(chunk);
  return text;
}

export interface Watch<T extends KubeObject> {
  /** The objects as last seen, in no order; empty before the first list. */
  items(): T[];
  /** True from the first complete list on. */
  synced(): boolean;
  stop(): void;
}

const watchSeconds = 300;

interface Event {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject;
}

/**
 * Lists `path` and follows it for ever: a watch that ended is resumed, one that failed begins with a new list. Never
 * throws; errors go to standard error. `onChange` is called after the list and after each event.
 */
export function watch<T extends KubeObject>(api: KubeApi, path: string, onChange: () => void): Watch<T> {
  const objects = new Map<string, T>();
  let synced = false;
  let stopped = false;
  let open: IncomingMessage | undefined;

  async function list(): Promise<string> {
    const answer = (await api.request("GET", path)) as { items: T[]; metadata: { resourceVersion: string } };
    objects.clear();
    for (const item of answer.items) objects.set(item.metadata.uid, item);
    synced = true;
    onChange();
    return answer.metadata.resourceVersion;
  }

  async function follow(from: string): Promise<string> {
    let version = from;
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}&resourceVersion=${version}`;
    const stream = await api.stream(`${path}?${query}`);
    open = stream;
    if (stopped) stream.destroy();
    // readline's iterator would swallow an error of the stream, so it is looked at afterwards.
    stream.on("error", () => undefined);
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === "") continue;
      const { type, object } = JSON.parse(line) as Event;
      if (type === "ERROR") throw new Error(`${path}: ${JSON.stringify(object)}`);
      version = object.metadata.resourceVersion;
      if (type === "BOOKMARK") continue;
      if (type === "DELETED") objects.delete(object.metadata.uid);
      else objects.set(object.metadata.uid, object as T);
      onChange();
    }
    if (stream.errored) throw stream.errored;
    return version;
  }

  async function run(): Promise<void> {
    let failures = 0;
    let version: string | undefined;
    while (!stopped) {
      try {
        version ??= await list();
        version = await follow(version);
        failures = 0;
      } catch (error) {
        version = undefined;
        if (!stopped) console.error(`${path}: ${String(error)}; listing again`);
        failures += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(50 * 2 ** failures, 2_000)));
    }
  }
  void run();
  return {
    items: () => [...objects.values()],
    synced: () => synced,
    stop() {
      stopped = true;
      open?.destroy();
    },
  };
}

/**
 * Calls `action` 30 ms after the first of a burst of triggers, never twice at once; a trigger during a run, or a failed
 * run, runs it again. Errors go to standard error.
 */
export function debounced(action: () => Promise<void>): () => void {
  let scheduled = false;
  let running = false;
  const start = async () => {
    scheduled = false;
    running = true;
    try {
      await action();
    } catch (error) {
      console.error(String(error));
      await new Promise((resolve) => setTimeout(resolve, 500));
      scheduled = true;
    }
    running = false;
    if (scheduled) setTimeout(start, 30);
  };
  const trigger = () => {
    if (!scheduled && !running) setTimeout(start, 30);
    scheduled = true;
  };
  return trigger;
}

/** `--name value` from the command line. @throws Error naming a missing one. */
export function requiredOption(name: string): string {
  const index = process.argv.indexOf(`--${name}`);
  const value = index < 0 ? undefined : process.argv[index + 1];
  if (value === undefined) throw new Error(`--${name} VALUE is missing`);
  return value;
}
