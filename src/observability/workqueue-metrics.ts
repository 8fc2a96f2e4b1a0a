import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { WorkqueueObserver } from "../kube/workqueue.ts";

/** From 1 ms to about 17 minutes, ×4: client-go's range in fewer steps. */
const buckets = [0.001, 0.004, 0.016, 0.064, 0.25, 1, 4, 16, 64, 256, 1_024];

/** How long the keys in work have been so: seconds, sum and longest. */
export type Unfinished = () => { readonly sum: number; readonly longest: number };

/**
 * A workqueue under client-go's names, so that ready-made dashboards and alerts fit.
 * @param name value of the label `name`.
 * @param unfinished asked at each scrape.
 */
export function createWorkqueueMetrics(registry: Registry, name: string, unfinished: Unfinished): WorkqueueObserver {
  const common = { labelNames: ["name"] as const, registers: [registry] };
  const adds = new Counter({ name: "workqueue_adds_total", help: "Items put into the queue.", ...common });
  const retries = new Counter({ name: "workqueue_retries_total", help: "Items put back after a failure.", ...common });
  const depth = new Gauge({ name: "workqueue_depth", help: "Items that wait for a worker.", ...common });
  const waited = histogram("workqueue_queue_duration_seconds", "Time an item waited for a worker.");
  const worked = histogram("workqueue_work_duration_seconds", "Time a worker took for an item.");
  gaugeOf("workqueue_unfinished_work_seconds", "Time spent so far on the items in work, summed.", "sum");
  gaugeOf("workqueue_longest_running_processor_seconds", "Time spent so far on the oldest item in work.", "longest");
  // Present from the start: a rate over a counter that appears later misses its first step.
  adds.inc({ name }, 0);
  retries.inc({ name }, 0);
  depth.set({ name }, 0);
  return {
    added: () => adds.inc({ name }),
    depth: (keys) => depth.set({ name }, keys),
    waited: (seconds) => waited.observe({ name }, seconds),
    worked: (seconds) => worked.observe({ name }, seconds),
    retried: () => retries.inc({ name }),
  };

  function histogram(metric: string, help: string) {
    return new Histogram({ name: metric, help, buckets, ...common });
  }

  function gaugeOf(metric: string, help: string, field: "sum" | "longest"): void {
    new Gauge({
      name: metric,
      help,
      ...common,
      collect() {
        this.set({ name }, unfinished()[field]);
      },
    });
  }
}
