import type { KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";

/** The operator's pod, as a test looks at it. */
export interface RunningOperator {
  /** Name of its only pod that is not on its way out. @throws Error when there is not exactly one. */
  pod(): Promise<string>;
  /** Its metrics as Prometheus would read them. */
  metrics(): Promise<string>;
  /** Its last 200 lines; why there are none, where there are none. */
  log(): Promise<string>;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
}

/** @param leads waits until its pod holds the lease. @throws Error when it does not in 2 minutes. */
export function runningOperator(
  api: KubeApi,
  namespace: string,
  release: string,
): RunningOperator & { leads(): Promise<void> } {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const pod = async () => {
    const selector = encodeURIComponent(`app.kubernetes.io/instance=${release}`);
    const { items } = (await api.request("GET", `${pods}?labelSelector=${selector}`)) as { items: readonly Pod[] };
    const running = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (running.length !== 1) throw new Error(`${running.length} pods of the operator; one is expected`);
    return running[0]!.metadata.name;
  };
  // Through the API server, which is on the node: the operator's NetworkPolicy admits nobody else but Prometheus.
  const metrics = async () => String(await api.request("GET", `${pods}/${await pod()}:8080/proxy/metrics`));
  return {
    ...{ pod, metrics },
    log: async () => {
      const lines = async () => api.request("GET", `${pods}/${await pod()}/log?tailLines=200`);
      return lines().then(String, String);
    },
    async leads() {
      const probe = async () => (isMaster(await metrics()) ? true : undefined);
      await until("the operator to lead", probe, { timeoutMillis: 120_000, everyMillis: 500 });
    },
  };
}

const isMaster = (metrics: string) => /^leader_election_master_status\{[^}]*\} 1$/m.test(metrics);
