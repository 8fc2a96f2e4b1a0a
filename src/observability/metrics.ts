import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import { type ClientMetrics, createClientMetrics, createLeaderMetrics, type LeaderMetrics } from "./client-metrics.ts";
import { type ClusterMetrics, createClusterMetrics } from "./cluster-metrics.ts";
import { type ControllerMetrics, createControllerMetrics } from "./controller-metrics.ts";
import { type Clock, createWorkqueueMetrics, type WorkqueueMetrics } from "./workqueue-metrics.ts";

export interface Metrics {
  readonly workqueue: WorkqueueMetrics;
  readonly controller: ControllerMetrics;
  readonly client: ClientMetrics;
  readonly leader: LeaderMetrics;
  readonly clusters: ClusterMetrics;
}

export interface MetricsOptions {
  /** Name of the controller and its queue. */
  readonly controller: string;
  readonly workers: number;
  readonly leaseName: string;
  readonly version: string;
  readonly monotonicMillis?: Clock;
  readonly wallClockMillis?: () => number;
}

/** Every metric of the operator, in `registry`; docs/metrics.md lists them. Call it once for a registry. */
export function createMetrics(registry: Registry, options: MetricsOptions): Metrics {
  const monotonic = options.monotonicMillis ?? (() => performance.now());
  const wallClock = options.wallClockMillis ?? (() => Date.now());
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "jet_operator_build_info",
    help: "1; the operator's version as a label.",
    labelNames: ["version"] as const,
    registers: [registry],
  }).set({ version: options.version }, 1);
  return {
    workqueue: createWorkqueueMetrics(registry, options.controller, monotonic),
    controller: createControllerMetrics(registry, options.controller, options.workers, monotonic),
    client: createClientMetrics(registry),
    leader: createLeaderMetrics(registry, options.leaseName),
    clusters: createClusterMetrics(registry, wallClock),
  };
}
