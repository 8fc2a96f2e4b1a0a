import { describe, expect, test } from "vitest";
import type { KubeApi } from "../../cluster/kube-watch.ts";
import type { Pod } from "../../cluster/network-policy-rules.ts";
import { type PodMonitor, requireUnderstood, startDiscovery, targetsFor } from "../../cluster/prometheus-discovery.ts";

function pod(name: string, namespace: string, labels: Record<string, string>, phase = "Running"): Pod {
  const ports = [
    { name: "member", containerPort: 5701 },
    { name: "metrics", containerPort: 8080 },
  ];
  return {
    metadata: { name, namespace, labels, uid: name, resourceVersion: "1" },
    spec: { containers: [{ name: "engine", ports }] },
    status: { phase, podIP: "10.244.0.5" },
  };
}

const monitor = (spec: Partial<PodMonitor["spec"]> = {}): PodMonitor => ({
  metadata: { name: "members", namespace: "jet-operator" },
  spec: {
    selector: { matchLabels: { app: "engine" } },
    namespaceSelector: { any: true },
    podMetricsEndpoints: [{ port: "metrics" }],
    ...spec,
  },
});

const engine = pod("orders-0", "shop", { app: "engine", "jet-operator.io/cluster": "orders" });

describe("a pod is a target", () => {
  test("at the port that a container declares under the endpoint's name, with prometheus-operator's labels", () => {
    const podTargetLabels = ["jet-operator.io/cluster", "absent"];
    expect(targetsFor([monitor({ podTargetLabels })], [engine])).toEqual([
      {
        targets: ["10.244.0.5:8080"],
        labels: {
          __scheme__: "http",
          __metrics_path__: "/metrics",
          job: "jet-operator/members",
          namespace: "shop",
          pod: "orders-0",
          container: "engine",
          endpoint: "metrics",
          jet_operator_io_cluster: "orders",
        },
      },
    ]);
  });

  test.each<[string, PodMonitor, Pod, number]>([
    ["in any namespace when the monitor says so", monitor(), engine, 1],
    ["in the monitor's own namespace by default", monitor({ namespaceSelector: {} }), engine, 0],
    ["in a namespace that is named", monitor({ namespaceSelector: { matchNames: ["shop"] } }), engine, 1],
    ["not without the labels", monitor(), pod("web-0", "shop", { app: "web" }), 0],
    ["not when it has ended", monitor(), pod("orders-0", "shop", { app: "engine" }, "Succeeded"), 0],
    ["not without a port of that name", monitor({ podMetricsEndpoints: [{ port: "nope" }] }), engine, 0],
  ])("%s", (_, podMonitor, candidate, count) => {
    expect(targetsFor([podMonitor], [candidate])).toHaveLength(count);
  });
});

describe("a monitor with a field that is not understood is refused", () => {
  test.each([
    ["of the endpoint", { podMetricsEndpoints: [{ port: "metrics", relabelings: [] }] }, "relabelings"],
    ["of the monitor", { sampleLimit: 5 }, "sampleLimit"],
  ])("%s", (_, spec, field) => {
    expect(() => requireUnderstood(monitor(spec as Partial<PodMonitor["spec"]>))).toThrow(field);
  });

  test("and one with the fields of our chart is not", () => {
    expect(() =>
      requireUnderstood(monitor({ podMetricsEndpoints: [{ port: "metrics", path: "/", interval: "30s" }] })),
    ).not.toThrow();
  });
});

describe("discovery", () => {
  const own = monitor({ podMetricsEndpoints: [{ port: "metrics", honorLabels: true }, { port: "member" }] });
  const api = (pods: readonly Pod[]): KubeApi => ({
    request: async () => ({ items: pods }),
    stream: () => Promise.reject(new Error("not asked for")),
  });

  test("has a scrape job for each endpoint, with its own targets and its own say about labels", async () => {
    const discovery = await startDiscovery(api([engine]), [own], "127.0.0.1");
    try {
      expect(discovery.jobs.map(({ name, honorLabels }) => [name, honorLabels])).toEqual([
        ["podMonitor/jet-operator/members/metrics", true],
        ["podMonitor/jet-operator/members/member", false],
      ]);
      const answers = await Promise.all(discovery.jobs.map(async ({ url }) => (await fetch(url)).json()));
      expect(answers).toMatchObject([[{ targets: ["10.244.0.5:8080"] }], [{ targets: ["10.244.0.5:5701"] }]]);
    } finally {
      await discovery.stop();
    }
  });

  test("fails while the API server does, so that Prometheus keeps its targets", async () => {
    const broken = { ...api([]), request: () => Promise.reject(new Error("down")) };
    const discovery = await startDiscovery(broken, [own], "127.0.0.1");
    try {
      expect((await fetch(discovery.jobs[0]?.url ?? "")).status).toBe(503);
    } finally {
      await discovery.stop();
    }
  });
});
