import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../../src/observability/metrics.ts";

function operatorMetrics() {
  const registry = new Registry();
  const unfinished = { sum: 0, longest: 0 };
  const metrics = createMetrics(registry, {
    controller: "jetcluster",
    workers: 4,
    leaseName: "jet-operator",
    apiServer: "10.96.0.1:443",
    version: "0.1.0",
    unfinished: () => unfinished,
    now: () => 0,
  });
  const lines = async () => (await registry.metrics()).split("\n");
  return { metrics, lines, unfinished, registry };
}

describe("controller metrics", () => {
  test("have the names that dashboards for controller-runtime and client-go use", async () => {
    const { registry } = operatorMetrics();
    const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "workqueue_depth",
        "workqueue_adds_total",
        "workqueue_queue_duration_seconds",
        "workqueue_work_duration_seconds",
        "workqueue_retries_total",
        "workqueue_unfinished_work_seconds",
        "workqueue_longest_running_processor_seconds",
        "controller_runtime_reconcile_total",
        "controller_runtime_reconcile_errors_total",
        "controller_runtime_reconcile_time_seconds",
        "controller_runtime_active_workers",
        "controller_runtime_max_concurrent_reconciles",
        "rest_client_requests_total",
        "rest_client_request_duration_seconds",
        "leader_election_master_status",
        "process_resident_memory_bytes",
        "nodejs_eventloop_lag_p99_seconds",
      ]),
    );
  });

  test("follow the queue and the passes", async () => {
    const { metrics, lines, unfinished } = operatorMetrics();
    metrics.controller.added();
    metrics.controller.depth(3);
    metrics.controller.waited(0.5);
    metrics.controller.worked(2);
    metrics.controller.retried();
    metrics.controller.activeWorkers(2);
    metrics.controller.reconciled("error", 2);
    metrics.controller.reconciled("success", 0.1);
    Object.assign(unfinished, { sum: 7, longest: 5 });
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'workqueue_adds_total{name="jetcluster"} 1',
        'workqueue_depth{name="jetcluster"} 3',
        'workqueue_queue_duration_seconds_sum{name="jetcluster"} 0.5',
        'workqueue_work_duration_seconds_sum{name="jetcluster"} 2',
        'workqueue_retries_total{name="jetcluster"} 1',
        'workqueue_unfinished_work_seconds{name="jetcluster"} 7',
        'workqueue_longest_running_processor_seconds{name="jetcluster"} 5',
        'controller_runtime_active_workers{controller="jetcluster"} 2',
        'controller_runtime_max_concurrent_reconciles{controller="jetcluster"} 4',
        'controller_runtime_reconcile_total{controller="jetcluster",result="error"} 1',
        'controller_runtime_reconcile_total{controller="jetcluster",result="success"} 1',
        'controller_runtime_reconcile_total{controller="jetcluster",result="conflict"} 0',
        'controller_runtime_reconcile_errors_total{controller="jetcluster"} 1',
        'controller_runtime_reconcile_time_seconds_count{controller="jetcluster"} 2',
      ]),
    );
  });

  test("count requests by answer, and those without one", async () => {
    const { metrics, lines } = operatorMetrics();
    const request = { method: "GET", resource: "pods", durationMillis: 30 };
    metrics.requests.requestFinished({ ...request, code: "200" });
    metrics.requests.requestFinished({ ...request, code: "<error>" });
    metrics.reflectors.listed?.("pods", 12);
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'rest_client_requests_total{code="200",method="GET",host="10.96.0.1:443"} 1',
        'rest_client_requests_total{code="<error>",method="GET",host="10.96.0.1:443"} 1',
        'reflector_lists_total{resource="pods"} 1',
      ]),
    );
  });

  test("say who leads, also before anybody does", async () => {
    const { metrics, lines } = operatorMetrics();
    expect(await lines()).toContain('leader_election_master_status{name="jet-operator"} 0');
    metrics.leading(true);
    expect(await lines()).toContain('leader_election_master_status{name="jet-operator"} 1');
    metrics.leading(false);
    expect(await lines()).toContain('leader_election_master_status{name="jet-operator"} 0');
  });

  test("belong to their registry: two operators in one process do not meet", async () => {
    const one = operatorMetrics();
    const two = operatorMetrics();
    one.metrics.controller.added();
    expect(await two.lines()).toContain('workqueue_adds_total{name="jetcluster"} 0');
  });
});
