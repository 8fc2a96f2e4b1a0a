import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeApi, KubeObject } from "./kube-watch.ts";
import type { Pod } from "./network-policy-rules.ts";
import { type LabelSelector, selects } from "./selectors.ts";

/** The part of prometheus-operator's PodMonitor that our chart may use; anything else is refused, not ignored. */
export interface PodMonitor {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly selector: LabelSelector;
    readonly namespaceSelector?: { readonly any?: boolean; readonly matchNames?: readonly string[] };
    readonly podMetricsEndpoints: readonly Endpoint[];
    readonly podTargetLabels?: readonly string[];
  };
}

interface Endpoint {
  readonly port: string;
  readonly path?: string;
  readonly scheme?: string;
  /** The scraped labels win over those of the target. */
  readonly honorLabels?: boolean;
  /** Accepted and left out: the tests scrape faster than anybody else would. */
  readonly interval?: string;
  readonly scrapeTimeout?: string;
}

/** What Prometheus' HTTP service discovery reads. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const monitorFields = ["selector", "namespaceSelector", "podMetricsEndpoints", "podTargetLabels"];
const endpointFields = ["port", "path", "scheme", "honorLabels", "interval", "scrapeTimeout"];

/** @throws RangeError for a field whose effect the discovery would not show. */
export function requireUnderstood({ metadata, spec }: PodMonitor): void {
  const understood = (where: string, object: object, fields: readonly string[]) => {
    const unknown = Object.keys(object).filter((field) => !fields.includes(field));
    if (unknown.length === 0) return;
    throw new RangeError(
      `PodMonitor ${metadata.name}: ${where} has ${unknown.join(", ")}; ${fields.join(", ")} are accepted`,
    );
  };
  understood("spec", spec, monitorFields);
  for (const endpoint of spec.podMetricsEndpoints) understood("podMetricsEndpoints", endpoint, endpointFields);
}

/**
 * The targets and labels that prometheus-operator would configure for these monitors: running pods that match, one
 * target for each endpoint whose port name a container declares.
 */
export function targetsFor(monitors: readonly PodMonitor[], pods: readonly Pod[]): TargetGroup[] {
  return monitors.flatMap((monitor) =>
    pods
      .filter((pod) => isMonitored(monitor, pod))
      .flatMap((pod) => monitor.spec.podMetricsEndpoints.flatMap((endpoint) => targets(monitor, endpoint, pod))),
  );
}

function isMonitored({ metadata, spec }: PodMonitor, pod: Pod): boolean {
  const { any = false, matchNames = [metadata.namespace] } = spec.namespaceSelector ?? {};
  const namespace = pod.metadata.namespace ?? "";
  const here = any || matchNames.includes(namespace);
  return here && pod.status?.phase === "Running" && selects(spec.selector, pod.metadata.labels);
}

function targets({ metadata, spec }: PodMonitor, endpoint: Endpoint, pod: Pod): TargetGroup[] {
  const address = pod.status?.podIP;
  if (!address) return [];
  const copied = (spec.podTargetLabels ?? []).flatMap((name) => {
    const value = pod.metadata.labels?.[name];
    return value === undefined ? [] : [[name.replaceAll(/[^a-zA-Z0-9_]/g, "_"), value]];
  });
  return pod.spec.containers.flatMap((container) =>
    (container.ports ?? [])
      .filter(({ name }) => name === endpoint.port)
      .map(({ containerPort }) => ({
        targets: [`${address}:${containerPort}`],
        labels: {
          __scheme__: endpoint.scheme ?? "http",
          __metrics_path__: endpoint.path ?? "/metrics",
          job: `${metadata.namespace}/${metadata.name}`,
          namespace: pod.metadata.namespace ?? "",
          pod: pod.metadata.name,
          container: container.name ?? "",
          endpoint: endpoint.port,
          ...Object.fromEntries(copied),
        },
      })),
  );
}

/** One scrape configuration of Prometheus: an endpoint of a monitor. */
export interface ScrapeJob {
  readonly name: string;
  /** Where its targets are asked for. */
  readonly url: string;
  readonly honorLabels: boolean;
}

export interface Discovery {
  readonly jobs: readonly ScrapeJob[];
  stop(): Promise<void>;
}

/** Serves the targets as of each request on `address`, any free port. @throws RangeError as requireUnderstood. */
export async function startDiscovery(
  api: KubeApi,
  monitors: readonly PodMonitor[],
  address: string,
): Promise<Discovery> {
  monitors.forEach(requireUnderstood);
  const single = monitors.flatMap(eachEndpoint);
  const server = createServer(async (request, response) => {
    try {
      const monitor = single[Number(request.url?.slice(1))];
      if (!monitor) throw new RangeError(`${request.url}: no such job`);
      const { items } = (await api.request("GET", "/api/v1/pods")) as { items: (Pod & KubeObject)[] };
      response.setHeader("content-type", "application/json").end(JSON.stringify(targetsFor([monitor], items)));
    } catch (error) {
      // Prometheus keeps its last targets while discovery fails.
      response.writeHead(503).end(String(error));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    jobs: single.map((monitor, index) => jobOf(monitor, `http://${address}:${port}/${index}`)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A monitor for each endpoint of a monitor. */
function eachEndpoint(monitor: PodMonitor): PodMonitor[] {
  return monitor.spec.podMetricsEndpoints.map((endpoint) => ({
    ...monitor,
    spec: { ...monitor.spec, podMetricsEndpoints: [endpoint] },
  }));
}

function jobOf({ metadata, spec }: PodMonitor, url: string): ScrapeJob {
  const [endpoint] = spec.podMetricsEndpoints;
  return {
    name: `podMonitor/${metadata.namespace}/${metadata.name}/${endpoint?.port}`,
    url,
    honorLabels: endpoint?.honorLabels ?? false,
  };
}
