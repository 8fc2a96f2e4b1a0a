import { afterAll, afterEach, beforeAll, expect, onTestFailed, test, vi } from "vitest";
import type { JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { clusterHost, down, status, up } from "../cluster/cluster.ts";
import { cutSecondNode, reconnectSecondNode } from "../cluster/network-split.ts";
import { nodePlans } from "../cluster/paths.ts";
import { until } from "../cluster/run.ts";
import { requestsOf } from "./api-requests.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { engineImages } from "./engines.ts";
import { condition, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";
import { type JobProgress, submitSampleJob, waitForCount } from "./sample-job.ts";
import { sample } from "./sampler.ts";

// The spare cluster of this lane: it has a second node, which is drained and lost here.
vi.hoisted(() => {
  const { JET_CLUSTER: lane = "a" } = process.env;
  Object.assign(process.env, { JET_CLUSTER: ["c", "d"].includes(lane) ? "d" : "b" });
});

const namespace = "jet-e2e-nodes";
const version = "5.7.0";
const keys = 10;
const [first, second] = nodePlans;
const address = `spread.${namespace}.svc.cluster.local:5701`;

/** Evicted soon from a node that is lost, so that the pod is seen to stay Terminating; 5 minutes are the default. */
const leaveSoon = ["unreachable", "not-ready"].map((taint) => ({
  key: `node.kubernetes.io/${taint}`,
  operator: "Exists" as const,
  effect: "NoExecute" as const,
  tolerationSeconds: 10,
}));

const spec: JetClusterSpecInput = {
  replicas: 3,
  version,
  backupCount: 1,
  resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "400Mi" } },
  network: { clients: [{ podSelector: { matchLabels: { app: "reader" } } }] },
  scheduling: {
    tolerations: leaveSoon,
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { "jet-operator.io/cluster": "spread" } },
      },
    ],
  },
  // Seconds; by default members are given up after a minute, and look for others after five.
  config: {
    properties: {
      "hazelcast.heartbeat.interval.seconds": "1",
      "hazelcast.max.no.heartbeat.seconds": "20",
      "hazelcast.mastership.claim.timeout.seconds": "20",
      "hazelcast.partition.migration.timeout": "30",
      "hazelcast.merge.first.run.delay.seconds": "10",
      "hazelcast.merge.next.run.delay.seconds": "5",
    },
  },
};

let operator: Release | undefined;
let reader: EngineClient | undefined;
let progress: JobProgress;
let failed = false;
/** A developer's cluster stays for the next run. */
const wasUp = status().some(({ pid }) => pid !== undefined);
let cluster: TestedCluster;

beforeAll(async () => {
  await up({ nodes: 2 }, console.log);
  await reconnectSecondNode();
  for (const { name } of nodePlans) await clusterHost.kubectl(["uncordon", name]);
  await engineImages(version);
  // On the first node, with the API server: what is lost here is a node of members.
  const values = [`--set=nodeSelector.kubernetes\\.io/hostname=${first.name}`];
  operator = await installOperator({ name: "nodes", watches: [namespace], values });
  cluster = testedCluster(namespace, "spread");
  await cluster.remove();
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(async () => {
  await reconnectSecondNode();
  if (failed) console.error((await operator?.log())?.split("\n").slice(-60).join("\n"));
  if (wasUp) await operator?.end();
  else await down({ purge: true }, console.log);
});

interface Placed {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
}

const placed = async () => (await cluster.pods()) as unknown as Placed[];
const onNode = async (node: string) => (await placed()).filter(({ spec: { nodeName } }) => nodeName === node);

/** The job went on: not from nothing, nothing lost or doubled, and further than before. */
async function jobGoesOn(): Promise<void> {
  const now = await waitForCount(reader!, { count: progress.count + 200, keys, timeoutMillis: 180_000 });
  expect({ origin: now.origin, bad: now.bad }).toEqual({ origin: progress.origin, bad: 0 });
  progress = now;
}

test("three members on the second node, with a job", async () => {
  await clusterHost.kubectl(["cordon", first.name]);
  await cluster.apply(spec);
  await cluster.ready(3);
  await clusterHost.kubectl(["uncordon", first.name]);
  expect(await onNode(second.name)).toHaveLength(3);
  const labels = { app: "reader" };
  const target = { namespace, version, clusterName: "spread", address, labels } as const;
  await submitSampleJob(clusterHost, target, { name: "counter", keys, protected: true }, console.log);
  const engine = { clusterName: "spread", address };
  reader = await startClient(clusterHost, { namespace, name: "reader", labels, engine });
  await reader.waitConnected(60_000);
  progress = await waitForCount(reader, { count: 100, keys, timeoutMillis: 60_000 });
  await cluster.waitFor("the job in status", ({ status }) => status?.jobsSummary === "1/1", 120_000);
  await cluster.ready(3);
});

test("a drain takes one member at a time, each only when the cluster is whole, and the job keeps its count", async () => {
  const there = await onNode(second.name);
  const sampler = sample(cluster, 3);
  onTestFailed(() => void sampler.stop());
  const members = "--pod-selector=jet-operator.io/cluster=spread";
  const drain = ["drain", second.name, members, "--delete-emptydir-data", "--timeout=400s"];
  await clusterHost.kubectl(drain, { timeoutMillis: 420_000 });
  await cluster.ready(3);
  const { status: samples } = await sampler.stop();
  expect(await onNode(second.name)).toEqual([]);
  const uids = (await placed()).map(({ metadata }) => metadata.uid);
  for (const { metadata } of there) expect(uids).not.toContain(metadata.uid);
  const missing = samples.map(({ pods }) => 3 - pods.filter(({ ready }) => ready).length);
  expect(Math.max(...missing)).toBe(1);
  await jobGoesOn();
  await clusterHost.kubectl(["uncordon", second.name]);
});

test("a node that is lost is named, nothing is force-deleted, and all is well when it is back", async () => {
  const members = (await cluster.read()).status?.members ?? [];
  const moved = members.find(({ master }) => !master)!.pod;
  await cluster.kubectl("delete", "pod", moved, "--wait=false");
  await until("a member on the second node", async () => ((await onNode(second.name)).length > 0 ? true : undefined), {
    timeoutMillis: 120_000,
  });
  await cluster.ready(3);
  const [lost] = await onNode(second.name);
  const since = Date.now();
  await cutSecondNode();
  const named = await cluster.waitFor("the lost node to be named", isNamed(lost!.metadata.name), 240_000);
  expect(condition(named, "Stalled")).toMatchObject({ status: "True", reason: "NodeUnreachable" });
  expect(condition(named, "Ready")?.status).not.toBe("True");
  const leaving = async () =>
    (await placed()).find(({ metadata }) => metadata.name === lost!.metadata.name)?.metadata.deletionTimestamp;
  await until("Kubernetes to evict it", leaving, { timeoutMillis: 120_000, everyMillis: 1_000 });
  await cluster.waitFor("it to be named still", isNamed(lost!.metadata.name), 120_000);
  expect((await placed()).map(({ metadata }) => metadata.uid)).toContain(lost!.metadata.uid);
  const deletions = requestsOf(operator!.user, since).filter(({ verb }) => verb.startsWith("delete"));
  expect(deletions).toEqual([]);
  await jobGoesOn();
  await reconnectSecondNode();
  await cluster.ready(3);
  await jobGoesOn();
});

const isNamed =
  (pod: string) =>
  ({ status }: Awaited<ReturnType<TestedCluster["read"]>>): boolean =>
    status?.blockedBy?.some(({ check, observed }) => check === "NodeUnreachable" && observed.includes(pod)) ?? false;
