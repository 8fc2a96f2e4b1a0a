import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import type { RequestObserver } from "../kube/client.ts";
import type { ControllerObserver } from "../kube/controller.ts";
import type { ReflectorObserver } from "../kube/reflector.ts";
import { createLeaderMetrics, createReflectorMetrics, createRequestMetrics } from "./client-metrics.ts";
import { type ClusterMetrics, createClusterMetrics } from "./cluster-metrics.ts";
import { type ControllerMetricsOptions, createControllerMetrics } from "./controller-metrics.ts";

export interface Metrics {
  readonly controller: ControllerObserver;
  readonly requests: RequestObserver;
  readonly reflectors: ReflectorObserver;
  /** To be called whenever leadership changes. */
  readonly leading: (isLeader: boolean) => void;
  readonly clusters: ClusterMetrics;
}

export interface MetricsOptions extends ControllerMetricsOptions {
  readonly leaseName: string;
  /** `host:port` of the API server. */
  readonly apiServer: string;
  /** The operator's own. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Every metric of the operator, in `registry`; docs/metrics.md lists them. Call it once for a registry. */
export function createMetrics(registry: Registry, options: MetricsOptions): Metrics {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "jet_operator_build_info",
    help: "1; the operator's version as a label.",
    labelNames: ["version"] as const,
    registers: [registry],
  }).set({ version: options.version }, 1);
  return {
    controller: createControllerMetrics(registry, options),
    requests: createRequestMetrics(registry, options.apiServer),
    reflectors: createReflectorMetrics(registry),
    leading: createLeaderMetrics(registry, options.leaseName),
    clusters: createClusterMetrics(registry, options.now),
  };
}
