import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JetCluster } from "../../src/api/jet-cluster.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { connect, type KubeApi } from "../cluster/kube-watch.ts";
import { deployPrometheus, type Prometheus } from "../cluster/prometheus.ts";
import type { PodMonitor } from "../cluster/prometheus-discovery.ts";
import { until } from "../cluster/run.ts";
import { ensureImage } from "../images/images.ts";
import { ofKind } from "../unit/chart/manifests.ts";
import { type PodNamespace, podNamespace } from "./busybox-pods.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { installOperator, type Release } from "./operator-release.ts";
import { submitSampleJob, waitForCount } from "./sample-job.ts";

const shop = "scrape-shop";
const patiently = { timeoutMillis: 300_000, everyMillis: 1_000 };
const client = { role: "client" };

let api: KubeApi;
let release: Release;
let prometheus: Prometheus | undefined;
let jobReader: EngineClient | undefined;
let strangers: PodNamespace | undefined;

beforeAll(async () => {
  await up({}, console.log);
  api = connect(clusterHost.kubeconfigPath);
  await clusterHost.importImage((await ensureImage("hazelcast-5.7.0", console.log)).tar);
  release = await installOperator({ name: "scrape", watches: [shop] });
  await clusterHost.kubectl(["create", "-f", "-"], { input: JSON.stringify(orders) });
  await until("the cluster to be Ready", async () => ((await readyStatus()) === "True" ? true : undefined), patiently);
  await submitSampleJob(clusterHost, target, { name: "count", rate: 100, keys, snapshotMillis: 500 }, console.log);
  jobReader = await startClient(clusterHost, { namespace: shop, name: "reader", engine: target, labels: client });
});

afterAll(async () => {
  await jobReader?.stop();
  await strangers?.end();
  await prometheus?.stop();
  await release?.end();
});

const orders = {
  apiVersion: "jet-operator.io/v1beta1",
  kind: "JetCluster",
  metadata: { name: "orders", namespace: shop },
  spec: {
    replicas: 3,
    version: "5.7.0",
    network: { clients: [{ podSelector: { matchLabels: client } }] },
    resources: { requests: { cpu: "50m", memory: "384Mi" }, limits: { memory: "512Mi" } },
  },
};
const target = {
  namespace: shop,
  version: "5.7.0",
  clusterName: "orders",
  address: "orders:5701",
  labels: client,
} as const;
const keys = 8;

const cluster = () =>
  api.request("GET", `/apis/jet-operator.io/v1beta1/namespaces/${shop}/jetclusters/orders`) as Promise<JetCluster>;

const readyStatus = async () => (await cluster()).status?.conditions?.find(({ type }) => type === "Ready")?.status;

interface PodList {
  readonly items: readonly { metadata: { name: string; uid: string }; status: { podIP?: string } }[];
}

const pods = async (namespace: string, selector: string) => {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  return ((await api.request("GET", path)) as PodList).items;
};

const members = () => pods(shop, "jet-operator.io/cluster=orders");
const memberIds = async () => (await members()).map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort();

/** The numbers that the job counted; fails when it does not go on, began from nothing, or lost one. */
async function countsOn(): Promise<void> {
  if (!jobReader) throw new Error("the client did not start");
  const before = await waitForCount(jobReader, { count: 1, keys, ...patiently });
  const after = await waitForCount(jobReader, { count: before.count + 200, keys, ...patiently });
  expect(after).toMatchObject({ bad: 0, origin: before.origin });
}

describe("a real Prometheus with the chart's PodMonitors", () => {
  beforeAll(async () => {
    const rendered = await release.rendered(["--set=podMonitor.enabled=true"]);
    prometheus = await deployPrometheus(clusterHost, ofKind(rendered, "PodMonitor") as unknown as PodMonitor[]);
  });

  const valuesOf = async (expression: string) => (await prometheus?.query(expression)) ?? [];
  const untilFound = (expression: string) =>
    until(
      expression,
      async () => ((await valuesOf(expression)).length > 0 ? valuesOf(expression) : undefined),
      patiently,
    );

  test("shows the operator and every member as targets that are up", async () => {
    const up = async () => {
      const targets = (await prometheus?.targets()) ?? [];
      return targets.length === 4 && targets.every(({ health }) => health === "up") ? targets : undefined;
    };
    const targets = await until("four targets that are up", up, patiently);
    const names = targets.map(({ labels: { pod } }) => pod?.replace(/^scrape-.*/, "the operator"));
    expect(names.sort()).toEqual(["orders-0", "orders-1", "orders-2", "the operator"]);
  });

  test("has the operator's facts under the names of the JetCluster", async () => {
    const [sample] = await untilFound('jetcluster_members_ready{namespace="scrape-shop",name="orders"}');
    expect(sample?.value).toBe(3);
    const [leader] = await untilFound('leader_election_master_status{name="scrape"} == 1');
    expect(leader?.labels).toMatchObject({ namespace: "scrape-system" });
    const [jobs] = await untilFound('jetcluster_jobs{namespace="scrape-shop",name="orders",status="RUNNING"}');
    expect(jobs?.value).toBe(1);
  });

  test("has the engine's own metrics of the job, from each member, by cluster", async () => {
    const emitted =
      'com_hazelcast_jet_Metrics_emittedCount{jet_operator_io_cluster="orders",tag1=~".*jobName=count.*"}';
    const perMember = `sum by (pod) (${emitted}) > 0`;
    const found = async () => ((await valuesOf(perMember)).length === 3 ? true : undefined);
    await until("what the job emitted on each of three members", found, patiently);
  });

  test("is the only one that gets them, by its label: a stranger reaches neither member nor operator", async () => {
    strangers = await podNamespace("scrape-stranger");
    await strangers.run({ name: "stranger" });
    await strangers.run({ name: "scraper", labels: { "app.kubernetes.io/name": "prometheus" } });
    const [member] = await members();
    const [operator] = await pods(release.namespace, "app.kubernetes.io/name=jet-operator");
    const metrics = [`${member?.status.podIP}:8080/metrics`, `${operator?.status.podIP}:8080/metrics`];
    const others = [`${member?.status.podIP}:5701/hazelcast/health`, `${operator?.status.podIP}:8081/healthz`];
    const reached = async (pod: string, urls: readonly string[]) => {
      const tries = await Promise.all(urls.map((url) => strangers?.shell(pod, fetching(url))));
      // The shell may say that the time ended it, before what it ended with.
      expect(tries.filter((said) => !/(^|\n)(reached|cut off)\n$/.test(said ?? ""))).toEqual([]);
      return urls.filter((_, index) => tries[index]?.endsWith("reached\n"));
    };
    expect(await reached("scraper", metrics)).toEqual(metrics);
    expect(await reached("scraper", others)).toEqual([]);
    expect(await reached("stranger", [...metrics, ...others])).toEqual([]);
  });
});

/** What is not allowed is dropped, not refused: only the time ends it. */
const fetching = (url: string) =>
  `(timeout 20 wget -q -O /dev/null http://${url}) >/dev/null 2>&1 && echo reached || echo cut off`;

describe("an upgrade to an operator that would make other pods", () => {
  test("restarts none, says what is pending, and the job goes on", async () => {
    const before = await memberIds();
    await release.upgrade(["--set=engineImages.hazelcast=docker.io/mirror/hazelcast"]);
    const pending = await until(
      "the pending template",
      async () => (await cluster()).status?.pendingTemplate,
      patiently,
    );
    expect(pending.reason).toContain("this operator makes other pods than its predecessor");
    await countsOn();
    expect(await memberIds()).toEqual(before);
    expect(await readyStatus()).toBe("True");
  });

  test("and back again leaves nothing pending", async () => {
    await release.upgrade([]);
    const settled = async () => ((await cluster()).status?.pendingTemplate === undefined ? true : undefined);
    await until("nothing to be pending", settled, patiently);
  });
});

describe("uninstalling the operator", () => {
  test("leaves the JetCluster, its members, and the job running", async () => {
    const before = await memberIds();
    await release.uninstall();
    await countsOn();
    expect(await memberIds()).toEqual(before);
    expect((await cluster()).metadata.name).toBe("orders");
  });

  test("and installing it again takes the cluster over as it is", async () => {
    const before = await memberIds();
    const { resourceVersion } = (await cluster()).metadata;
    release = await installOperator({ name: "scrape", watches: [shop] });
    await clusterHost.kubectl(["scale", "-n", shop, "jetcluster/orders", "--replicas=5"]);
    const grown = async () => {
      const { status, metadata } = await cluster();
      const moved = metadata.resourceVersion !== resourceVersion;
      return moved && status?.readyMembers === 5 && (await readyStatus()) === "True" ? true : undefined;
    };
    await until("five members to be Ready", grown, patiently);
    expect((await memberIds()).slice(0, 3)).toEqual(before);
    await countsOn();
  });
});
