import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface ListenAddress {
  /** Undefined = every interface. */
  readonly host: string | undefined;
  readonly port: number;
}

export interface HttpListener {
  readonly port: number;
  /** Ends at once: nothing that is served here is worth waiting for. */
  stop(): Promise<void>;
}

/**
 * Bounds for clients that are slow, many or hostile. Two servers of their own for probes and metrics: whoever uses up
 * one does not silence the other.
 */
const limits = {
  maxHeaderSize: 8_192,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 30_000,
  maxRequestsPerSocket: 1_000,
  maxConnections: 128,
  /** Of one connection without a byte moved, whatever state it is in. */
  idleTimeout: 60_000,
};

/** @throws Error that names the server and the address when it cannot listen there. */
export async function listen(name: string, address: ListenAddress, handler: RequestListener): Promise<HttpListener> {
  const { maxHeaderSize, headersTimeout, requestTimeout, keepAliveTimeout } = limits;
  const server = createServer(
    { maxHeaderSize, headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval: 1_000 },
    handler,
  );
  server.maxRequestsPerSocket = limits.maxRequestsPerSocket;
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.idleTimeout, (socket) => socket.destroy());
  await bind(server, name, address);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bind(server: Server, name: string, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Error(`${name} cannot be served at ${host ?? ""}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ port, ...(host !== undefined && { host }) }, () => resolve());
  });
}
