import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { RequestObserver } from "../kube/client.ts";
import type { ReflectorObserver } from "../kube/reflector.ts";

/**
 * Requests to the API server under client-go's names; without an answer the code is `<error>`.
 * @param host `host:port` of the API server.
 */
export function createRequestMetrics(registry: Registry, host: string): RequestObserver {
  const total = new Counter({
    name: "rest_client_requests_total",
    help: "Requests to the API server by answer.",
    labelNames: ["code", "method", "host"] as const,
    registers: [registry],
  });
  const duration = new Histogram({
    name: "rest_client_request_duration_seconds",
    help: "Time until the API server answered.",
    labelNames: ["verb", "host"] as const,
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
    registers: [registry],
  });
  return {
    requestFinished({ method, code, durationMillis }) {
      total.inc({ code, method, host });
      duration.observe({ verb: method, host }, durationMillis / 1_000);
    },
  };
}

/** Lists and watches by resource, under the names that client-go's reflector had. A list at rest is a fault. */
export function createReflectorMetrics(
  registry: Registry,
): Required<Pick<ReflectorObserver, "listed" | "watchStarted" | "failed">> {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ["resource"] as const, registers: [registry] });
  const lists = counter("reflector_lists_total", "Full lists that filled a cache.");
  const watches = counter("reflector_watches_total", "Watches begun.");
  const failures = counter("reflector_failures_total", "Lists and watches that failed and were tried again.");
  return {
    listed: (resource) => lists.inc({ resource }),
    watchStarted: (resource) => watches.inc({ resource }),
    failed: (resource) => failures.inc({ resource }),
  };
}

/** Call the answer whenever leadership changes. */
export function createLeaderMetrics(registry: Registry, name: string): (leading: boolean) => void {
  const gauge = new Gauge({
    name: "leader_election_master_status",
    help: "1 while this process is the leader.",
    labelNames: ["name"] as const,
    registers: [registry],
  });
  gauge.set({ name }, 0);
  return (leading) => gauge.set({ name }, leading ? 1 : 0);
}
