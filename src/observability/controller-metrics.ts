import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ControllerObserver } from "../kube/controller.ts";
import { createWorkqueueMetrics, type Unfinished } from "./workqueue-metrics.ts";

const results = ["success", "requeue_after", "error", "conflict"] as const;

export interface ControllerMetricsOptions {
  /** Value of the label `controller`, and of `name` of its queue. */
  readonly controller: string;
  readonly workers: number;
  readonly unfinished: Unfinished;
}

/**
 * Passes over objects under controller-runtime's names, and the queue before them. A conflict is a result of its own: it
 * is no failure, the next pass has the newer object.
 */
export function createControllerMetrics(registry: Registry, options: ControllerMetricsOptions): ControllerObserver {
  const { controller, workers } = options;
  const common = { labelNames: ["controller"] as const, registers: [registry] };
  const total = new Counter({
    name: "controller_runtime_reconcile_total",
    help: "Passes by how they ended.",
    labelNames: ["controller", "result"] as const,
    registers: [registry],
  });
  const errors = new Counter({
    name: "controller_runtime_reconcile_errors_total",
    help: "Passes that failed.",
    ...common,
  });
  const time = new Histogram({
    name: "controller_runtime_reconcile_time_seconds",
    help: "Time a pass took.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ...common,
  });
  const active = new Gauge({ name: "controller_runtime_active_workers", help: "Passes going on.", ...common });
  const most = new Gauge({
    name: "controller_runtime_max_concurrent_reconciles",
    help: "Passes that may go on at the same time.",
    ...common,
  });
  most.set({ controller }, workers);
  active.set({ controller }, 0);
  errors.inc({ controller }, 0);
  for (const result of results) total.inc({ controller, result }, 0);
  return {
    ...createWorkqueueMetrics(registry, controller, options.unfinished),
    activeWorkers: (count) => active.set({ controller }, count),
    reconciled(result, seconds) {
      total.inc({ controller, result });
      if (result === "error") errors.inc({ controller });
      time.observe({ controller }, seconds);
    },
  };
}
