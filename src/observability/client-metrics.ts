import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface ApiRequest {
  readonly method: string;
  /** `host:port` of the API server. */
  readonly host: string;
  /** HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;
  /** Until the answer's head came; undefined for watches, which end when they end. */
  readonly millis: number | undefined;
}

export interface ClientMetrics {
  requested(request: ApiRequest): void;
}

/** Requests to the API server under client-go's names; without an answer the code is `<error>`. */
export function createClientMetrics(registry: Registry): ClientMetrics {
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
    requested({ method, host, status, millis }) {
      total.inc({ code: status === undefined ? "<error>" : String(status), method, host });
      if (millis !== undefined) duration.observe({ verb: method, host }, millis / 1_000);
    },
  };
}

export interface LeaderMetrics {
  leading(isLeader: boolean): void;
}

export function createLeaderMetrics(registry: Registry, name: string): LeaderMetrics {
  const gauge = new Gauge({
    name: "leader_election_master_status",
    help: "1 while this process is the leader.",
    labelNames: ["name"] as const,
    registers: [registry],
  });
  gauge.set({ name }, 0);
  return { leading: (isLeader) => gauge.set({ name }, isLeader ? 1 : 0) };
}
