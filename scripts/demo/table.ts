import type { JetCluster } from "../../src/api/jet-cluster.ts";
import { clusterHost } from "../../test/cluster/cluster.ts";
import { connect } from "../../test/cluster/kube-watch.ts";
import { until } from "../../test/cluster/run.ts";
import type { EngineClient } from "../../test/e2e/clients.ts";
import { type JobProgress, waitForCount } from "../../test/e2e/sample-job.ts";

export interface Seen {
  readonly ready: boolean;
  /** Stopped as a whole, as asked for. */
  readonly suspended: boolean;
  readonly replicas: number;
}

const patience = { timeoutMillis: 900_000, everyMillis: 1_000 };
const header = row("MEMBERS", "READY", "STATE", "QUORUM", "JOBS", "STATUS", "WHAT IT WAITS FOR");

/** Prints a line for each change of what the operator reports, until it reports what is wanted. @throws after 15 minutes. */
export async function showUntil(namespace: string, name: string, wanted: (seen: Seen) => boolean): Promise<void> {
  const api = connect(clusterHost.kubeconfigPath);
  const path = `/apis/jet-operator.io/v1beta1/namespaces/${namespace}/jetclusters/${name}`;
  console.log(header);
  let shown = "";
  await until(
    `the JetCluster ${name}`,
    async () => {
      const cluster = (await api.request("GET", path)) as JetCluster;
      const line = lineOf(cluster);
      if (line !== shown) console.log(line);
      shown = line;
      return wanted(seenOf(cluster)) ? true : undefined;
    },
    patience,
  );
}

function seenOf({ metadata, status }: JetCluster): Seen {
  const holds = (type: string) =>
    status?.conditions?.some(
      (each) => each.type === type && each.status === "True" && each.observedGeneration === metadata.generation,
    ) ?? false;
  return { ready: holds("Ready"), suspended: holds("Suspended"), replicas: status?.replicas ?? 0 };
}

function lineOf({ status }: JetCluster): string {
  const ready = status?.conditions?.find((condition) => condition.type === "Ready");
  return row(
    String(status?.replicas ?? 0),
    String(status?.readyMembers ?? 0),
    status?.clusterState ?? "",
    status?.quorumSummary ?? "",
    status?.jobsSummary ?? "",
    ready?.reason ?? "",
    (status?.blockedBy?.[0]?.observed ?? "").slice(0, 100),
  );
}

function row(...cells: readonly string[]): string {
  const widths = [8, 6, 8, 8, 5, 12, 0];
  return `        ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" ")}`.trimEnd();
}

/** Waits until the job has counted on, and says how far. */
export async function countsOn(client: EngineClient, keys: number, say: (line: string) => void): Promise<JobProgress> {
  await client.waitConnected(patience.timeoutMillis);
  const first = await waitForCount(client, { count: 1, keys, timeoutMillis: patience.timeoutMillis });
  const later = await waitForCount(client, { count: first.count + 300, keys, timeoutMillis: patience.timeoutMillis });
  say(`the job has counted ${later.count} numbers over ${later.keys} keys; lost or repeated updates: ${later.bad}`);
  return later;
}
