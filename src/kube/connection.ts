import { createHash } from "node:crypto";
import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent } from "undici";

/** What one request needs: where to, by which connections, with which credentials. */
interface Route {
  readonly origin: string;
  /** Path of the server's URL, e.g. of a proxy in front of several clusters; empty for most. */
  readonly prefix: string;
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Connection {
  /** Credentials as they are now: files and tokens that were renewed are read again. */
  route(): Promise<Route>;
  close(): Promise<void>;
}

type TlsOptions = Pick<RequestOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;

/** Idle connections are kept this long: above the lease's renewal, so that one connection carries them all. */
const keepAliveMillis = 30_000;
const connectMillis = 10_000;

/**
 * One pool of connections over client-node's KubeConfig, whose own way is a new TLS connection for every request. The
 * pool is replaced when the certificates are; running watches end in the old one. HTTP/1.1 on purpose: with one HTTP/2
 * session a single dead connection would hold up everything at once.
 * @throws Error when the kubeconfig has no current cluster or a proxy that is not HTTP.
 */
export function createConnection(config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error("the kubeconfig has no current cluster: current-context names none");
  const server = new URL(cluster.server);
  const proxy = cluster.proxyUrl;
  if (proxy !== undefined && !/^https?:\/\//.test(proxy)) {
    throw new Error(`proxy-url "${proxy}" of the kubeconfig: accepted is an http:// or https:// URL`);
  }
  let pool: { readonly print: string; readonly dispatcher: Dispatcher } | undefined;
  const dispatcherFor = (tls: TlsOptions): Dispatcher => {
    const print = fingerprint(tls);
    if (pool?.print === print) return pool.dispatcher;
    const old = pool?.dispatcher;
    pool = { print, dispatcher: createDispatcher(tls, proxy) };
    old?.close().catch(() => undefined);
    return pool.dispatcher;
  };
  return {
    async route() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return {
        origin: server.origin,
        prefix: server.pathname.replace(/\/+$/, ""),
        dispatcher: dispatcherFor(options),
        headers: headersOf(options),
      };
    },
    async close() {
      await pool?.dispatcher.destroy();
      pool = undefined;
    },
  };
}

function createDispatcher({ ca, cert, key, rejectUnauthorized, servername }: TlsOptions, proxy: string | undefined) {
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(servername !== undefined && { servername }),
  };
  const common = { keepAliveTimeout: keepAliveMillis, allowH2: false };
  if (proxy !== undefined) return new ProxyAgent({ uri: proxy, requestTls: tls, ...common });
  return new Agent({ connect: { ...tls, timeout: connectMillis }, ...common });
}

function fingerprint({ ca, cert, key, rejectUnauthorized, servername }: TlsOptions): string {
  const hash = createHash("sha256");
  for (const part of [ca, cert, key, rejectUnauthorized, servername]) hash.update(`${String(part)}\0`);
  return hash.digest("hex");
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, value]) => [
    name,
    String(value),
  ]);
  if (auth) given.push(["Authorization", `Basic ${Buffer.from(auth).toString("base64")}`]);
  // A token file often ends with a newline, which no header may contain.
  return Object.fromEntries(given.map(([name, value]) => [name, value?.trim()]));
}
