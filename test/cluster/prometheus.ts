import { ApiError, connect, type KubeApi } from "./kube-watch.ts";
import { addresses } from "./paths.ts";
import { type PodMonitor, startDiscovery } from "./prometheus-discovery.ts";
import { objects } from "./prometheus-objects.ts";
import { prometheusImage } from "./prometheus-package.ts";
import { until } from "./run.ts";

/** The part of the throw-away cluster that is needed here. */
export interface PrometheusHost {
  readonly kubeconfigPath: string;
  /** Makes the image in this file known to the node, under the name that it carries. */
  importImage(tar: string): Promise<void>;
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

export interface Prometheus {
  readonly url: string;
  /** Evaluates an instant query that gives a vector. @throws Error with Prometheus' message for a bad query. */
  query(expression: string): Promise<Sample[]>;
  targets(): Promise<Target[]>;
  /** Removes the namespace and ends discovery. */
  stop(): Promise<void>;
}

/**
 * Runs Debian's Prometheus as the pod that users have: in namespace `monitoring`, restricted, labelled
 * `app.kubernetes.io/name: prometheus`, so that NetworkPolicies judge its scrapes. Debian builds it without Kubernetes
 * discovery: the targets of the given PodMonitors come from a small server in this process.
 */
export async function deployPrometheus(host: PrometheusHost, monitors: readonly PodMonitor[]): Promise<Prometheus> {
  const image = await prometheusImage();
  await host.importImage(image.tar);
  const api = connect(host.kubeconfigPath);
  const discovery = await startDiscovery(api, monitors, addresses.host);
  const stop = async () => {
    await removeNamespace(api);
    await discovery.stop();
  };
  try {
    await removeNamespace(api);
    for (const { path, body } of objects(image.reference, discovery.jobs)) {
      await api.request("PATCH", `${path}?fieldManager=test&force=true`, body, "application/apply-patch+yaml");
    }
    const url = await until("Prometheus to be ready", () => readyUrl(api), { timeoutMillis: 120_000 });
    return { url, stop, ...queries(url) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function queries(url: string): Pick<Prometheus, "query" | "targets"> {
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${url}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) });
    const body = (await answer.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== "success") throw new Error(`Prometheus: ${path}: ${body.error}`);
    return body.data;
  };
  return {
    async query(expression) {
      const data = (await get(`query?query=${encodeURIComponent(expression)}`)) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async targets() {
      const data = (await get("targets?state=active")) as { activeTargets: Target[] };
      return data.activeTargets;
    },
  };
}

async function readyUrl(api: KubeApi): Promise<string | undefined> {
  const pod = (await api.request("GET", "/api/v1/namespaces/monitoring/pods/prometheus")) as {
    status: { podIP?: string; conditions?: { type: string; status: string }[] };
  };
  const ready = pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
  return ready ? `http://${pod.status.podIP}:9090` : undefined;
}

async function removeNamespace(api: KubeApi): Promise<void> {
  const path = "/api/v1/namespaces/monitoring";
  const missing = async (answer: Promise<unknown>) => {
    try {
      await answer;
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return true;
      throw error;
    }
  };
  if (await missing(api.request("DELETE", path))) return;
  await until("namespace monitoring to be gone", () => missing(api.request("GET", path)), { timeoutMillis: 60_000 });
}
