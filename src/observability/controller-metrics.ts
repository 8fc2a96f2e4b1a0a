import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Clock } from "./workqueue-metrics.ts";

export type ReconcileResult = "success" | "requeue_after" | "error";

export interface ControllerMetrics {
  /** A pass begins; call the answer once with how it ended. */
  began(): (result: ReconcileResult) => void;
}

/** A pass over one object, under controller-runtime's names. */
export function createControllerMetrics(
  registry: Registry,
  controller: string,
  workers: number,
  now: Clock,
): ControllerMetrics {
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
  for (const result of ["success", "requeue_after", "error"]) total.inc({ controller, result }, 0);
  errors.inc({ controller }, 0);
  return {
    began() {
      const since = now();
      active.inc({ controller });
      return (result) => {
        active.dec({ controller });
        total.inc({ controller, result });
        if (result === "error") errors.inc({ controller });
        time.observe({ controller }, (now() - since) / 1_000);
      };
    },
  };
}
