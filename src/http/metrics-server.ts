import type { Registry } from "prom-client";
import { application } from "./application.ts";
import { type HttpListener, type ListenAddress, listen } from "./listener.ts";

/**
 * `/metrics` in Prometheus' text format. No authentication of its own: the chart's NetworkPolicy says who may scrape.
 * Scrapes that come while one is being rendered share it.
 * @throws Error when it cannot listen at `address`.
 */
export function startMetricsServer(
  address: ListenAddress,
  registry: Registry,
  onFault: (error: unknown) => void,
): Promise<HttpListener> {
  const render = shared(() => registry.metrics());
  const app = application(
    {
      "/metrics": async (_, response) => {
        const text = await render();
        response.set("Content-Type", registry.contentType).send(text);
      },
    },
    onFault,
  );
  return listen("/metrics", address, app);
}

function shared<T>(produce: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= produce().finally(() => {
      running = undefined;
    });
    return running;
  };
}
