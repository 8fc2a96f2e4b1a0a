import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Progress } from "../progress.ts";

/** What the Job tells while it works: whether it can begin, and how far it is. */
export interface WorkHealth extends AsyncDisposable {
  readonly port: number;
  /** The volume has room and every member answers: the operator may stop the cluster. */
  ready(): void;
  progress(now: Progress): void;
}

/** `/readyz` for the kubelet, `/progress` as JSON. @param port 0 = any free one. */
export async function serveHealth(port: number): Promise<WorkHealth> {
  let isReady = false;
  let last: Progress | undefined;
  const server = createServer((request, response) => {
    const answers: Record<string, () => [number, string]> = {
      "/readyz": () => [isReady ? 200 : 503, isReady ? "ready" : "not ready"],
      "/progress": () => [200, JSON.stringify(last ?? {})],
    };
    const [status, body] = answers[request.url ?? ""]?.() ?? [404, "not found"];
    response.writeHead(status, { "content-type": body.startsWith("{") ? "application/json" : "text/plain" }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    ready: () => {
      isReady = true;
    },
    progress: (now) => {
      last = now;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
