import { type Answer, application } from "./application.ts";
import type { Check, HealthChecks } from "./health.ts";
import { type HttpListener, type ListenAddress, listen } from "./listener.ts";

/**
 * `/healthz` and `/readyz`: 200 `ok`, or 503 with what fails, in the form of the API server's own (`[-]name failed: …`).
 * @throws Error when it cannot listen at `address`.
 */
export function startHealthServer(
  address: ListenAddress,
  checks: HealthChecks,
  onFault: (error: unknown) => void,
): Promise<HttpListener> {
  const app = application({ "/healthz": answer(checks.live), "/readyz": answer(checks.ready) }, onFault);
  return listen("/healthz", address, app);
}

const answer =
  (checks: Readonly<Record<string, Check>>): Answer =>
  (_, response) => {
    const results = Object.entries(checks).map(([name, check]) => ({ name, failure: check() }));
    const failed = results.some(({ failure }) => failure !== undefined);
    const lines = results.map(({ name, failure }) =>
      failure === undefined ? `[+]${name} ok` : `[-]${name} failed: ${failure}`,
    );
    response
      .status(failed ? 503 : 200)
      .type("text/plain")
      .send(failed ? `${lines.join("\n")}\n` : "ok\n");
  };
