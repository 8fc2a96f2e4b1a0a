import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import type { JetCluster } from "../../src/api/jet-cluster.ts";
import { annotation } from "../../src/api/names.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { nodePlans } from "../cluster/paths.ts";
import { run, until } from "../cluster/run.ts";
import { requestsOf } from "./api-requests.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { engineImages, testedEngines } from "./engines.ts";
import { condition, startMillis, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";
import { type JobProgress, submitSampleJob, waitForCount } from "./sample-job.ts";
import { type Sample, sample } from "./sampler.ts";

/**
 * One cluster with one streaming job, from its creation to its deletion: the tests of an engine stand in the order of a
 * cluster's life, and each needs those before it.
 */
const namespace = "jet-e2e";
const client = { "jet-e2e/client": "yes" };
const keys = 10;
const { JET_TEST_REST_SECONDS: restSeconds = "120" } = process.env;
/** How long nothing may happen in a cluster at rest. */
const restMillis = Number(restSeconds) * 1_000;

let operator: Release;

beforeAll(async () => {
  await up({}, console.log);
  operator = await installOperator({ name: "orders", watches: [namespace] });
});
afterAll(async () => {
  await operator?.end();
});

/** Resident memory of the operator: of five readings the middle one, so that a moment before or after a collection is not it. */
async function residentBytes(): Promise<number> {
  const readings: number[] = [];
  while (readings.length < 5) {
    const [, bytes] = /^process_resident_memory_bytes\S* (\S+)$/m.exec(await operator.metrics()) ?? [];
    readings.push(Number(bytes));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  }
  return readings.sort((a, b) => a - b)[2]!;
}

describe.each(testedEngines)("a cluster of %s", (version) => {
  let cluster: TestedCluster;
  let reader: EngineClient;
  let progress: JobProgress;
  let failed = false;

  const spec = (replicas: number) => ({
    replicas,
    version,
    backupCount: 1,
    resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "450Mi" } },
    network: { clients: [{ podSelector: { matchLabels: client } }] },
    splitBrain: { settleSeconds: 10 },
  });
  const address = () => `orders.${namespace}.svc.cluster.local:5701`;

  /** The job went on: not from nothing, nothing lost or doubled, and further than before. */
  async function jobGoesOn(): Promise<void> {
    const wanted = { count: progress.count + 300, keys, timeoutMillis: 300_000 };
    const now = await waitForCount(reader, wanted);
    expect({ origin: now.origin, bad: now.bad }).toEqual({ origin: progress.origin, bad: 0 });
    progress = now;
  }

  beforeAll(async () => {
    await engineImages(version);
    cluster = testedCluster(namespace, "orders");
    await cluster.remove();
  });
  afterEach(({ task }) => {
    failed ||= task.result?.state === "fail";
  });
  afterAll(async () => {
    if (failed) console.error((await operator.log()).split("\n").slice(-60).join("\n"));
    await reader?.stop();
    await cluster.remove();
  });

  test("forms, and lets no client in before the first view of all members", async () => {
    await cluster.apply(spec(3));
    const sampler = sample(cluster, 3);
    onTestFailed(() => void sampler.stop());
    await cluster.ready(3);
    const { status: samples } = await sampler.stop();
    expect(samples.filter(({ formed, endpoints }) => !formed && endpoints.length > 0)).toEqual([]);
    // Members ran all the while: it was the gate that kept clients out.
    const running = samples.filter(({ formed, pods }) => !formed && pods.some((pod) => pod.address !== undefined));
    expect(running.length).toBeGreaterThan(5);
  });

  test("status says what every member says", async () => {
    const { status } = await cluster.read();
    const pods = await cluster.pods();
    const views = await Promise.all(pods.map((pod) => cluster.view(pod.metadata.name)));
    expect(status?.members?.map(({ pod, uuid, address }) => ({ pod, uuid, address }))).toEqual(
      pods.map((pod, index) => ({ pod: pod.metadata.name, uuid: views[index]!.uuid, address: pod.status.podIP })),
    );
    for (const view of views) expect(view.uuids).toEqual(status?.members?.map(({ uuid }) => uuid).sort());
    expect(status).toMatchObject({
      replicas: 3,
      readyMembers: 3,
      updatedMembers: 3,
      version,
      clusterState: "ACTIVE",
      quorum: { base: 3, needed: 2, live: 3 },
    });
    expect(status?.members?.filter(({ master }) => master)).toHaveLength(1);
    expect(status?.views).toBeUndefined();
  });

  test("an ordinary client comes in through the client Service and reads what a job writes", async () => {
    const target = { namespace, version, clusterName: "orders", address: address(), labels: client };
    await submitSampleJob(clusterHost, target, { name: "counter", keys }, console.log);
    reader = await startClient(clusterHost, {
      ...{ namespace, name: "reader", labels: client },
      engine: { clusterName: "orders", address: address() },
    });
    await reader.waitConnected(120_000);
    progress = await waitForCount(reader, { count: 100, keys, timeoutMillis: 120_000 });
    expect(progress.bad).toBe(0);
    expect(await reader.members()).toHaveLength(3);
  });

  test("the NetworkPolicy admits clients and Prometheus, each to its port, and cuts off a stranger", async () => {
    const host = (await cluster.pods())[0]!.status.podIP!;
    const reach = async (name: string, labels: Record<string, string>) => {
      const probe = await startClient(clusterHost, { namespace, name, labels });
      const reached = { member: await probe.canConnect(host, 5701), metrics: await probe.canConnect(host, 8080) };
      await probe.stop();
      return reached;
    };
    expect(await reach("stranger", {})).toEqual({ member: false, metrics: false });
    expect(await reach("prometheus", { "app.kubernetes.io/name": "prometheus" })).toEqual({
      member: false,
      metrics: true,
    });
    expect(await reach("client", client)).toEqual({ member: true, metrics: false });
  });

  test("an even size is refused by apply and by scale, with the reason", async () => {
    const refusal = /replicas must be odd \(1 to 99\), or 0 to stop the cluster/;
    await expect(cluster.apply(spec(4))).rejects.toThrow(refusal);
    await expect(cluster.kubectl("scale", "jetcluster", "orders", "--replicas=4")).rejects.toThrow(refusal);
    expect((await cluster.read()).spec.replicas).toBe(3);
  });

  test("a pod killed by hand comes back, and status never says Ready while a member is missing", async () => {
    const victim = (await cluster.pods())[1]!.metadata;
    const sampler = sample(cluster, 3);
    onTestFailed(() => void sampler.stop());
    // Its successor finds no place for a while: on a fast machine it would be back before there is anything to sample.
    await clusterHost.kubectl(["cordon", nodePlans[0].name]);
    try {
      await cluster.kubectl("delete", "pod", victim.name, "--grace-period=1", "--wait=false");
      await cluster.waitFor("Ready to be taken back", (now) => condition(now, "Ready")?.status !== "True", 60_000);
      await new Promise((resolve) => setTimeout(resolve, 12_000));
    } finally {
      await clusterHost.kubectl(["uncordon", nodePlans[0].name]);
    }
    await cluster.ready(3);
    const { status: samples, views } = await sampler.stop();
    expect((await cluster.pods()).map(({ metadata }) => metadata.uid)).not.toContain(victim.uid);
    const isMissing = ({ pods }: Sample) => !pods.some(({ name, ready }) => name === victim.name && ready);
    const gone = samples.findIndex(isMissing);
    const last = samples.findLastIndex(isMissing);
    expect(gone).toBeGreaterThan(0);
    // It was ready in the sample before: this is the earliest moment that its end can have had.
    const from = samples[gone - 1]!.at + 5_000;
    const back = views.find(({ at, whole }) => at > samples[last]!.at && whole)!.at;
    const between = samples.filter(({ at }) => at >= from && at < back);
    expect(between.length).toBeGreaterThan(3);
    expect(between.filter(({ ready }) => ready === "True")).toEqual([]);
    await jobGoesOn();
  });

  test("a job without auto-scaling, which a lost member suspends, goes on once the cluster is whole again", async () => {
    const target = { namespace, version, clusterName: "orders", address: address(), labels: client };
    const fixed = { name: "fixed", map: "fixed", keys, snapshotMillis: 20_000, autoScaling: false };
    await submitSampleJob(clusterHost, target, fixed, console.log);
    const runs = (now: JetCluster) => now.status?.jobs?.find(({ name }) => name === "fixed")?.status === "RUNNING";
    await cluster.waitFor("status to tell of the job", runs, 120_000);
    const counted = (count: number) => waitForCount(reader, { count, keys, map: "fixed", timeoutMillis: 300_000 });
    // Some seconds after a snapshot: what its suspension is told by.
    const before = await counted(2_400);
    await killMember(cluster, (await cluster.pods())[1]!.metadata.name);
    const waiting = await cluster.waitFor(
      "the job to wait",
      (now) => condition(now, "JobsHealthy")?.reason === "JobsWaiting",
      120_000,
    );
    expect(condition(waiting, "JobsHealthy")?.message).toMatch(/^fixed \([-0-9a-f]+\) waits to go on: /);
    await cluster.ready(3);
    const resumed = await cluster.waitFor("the job to go on", runs, 120_000);
    expect(condition(resumed, "JobsHealthy")?.status).toBe("True");
    const after = await counted(before.count + 300);
    expect({ origin: after.origin, bad: after.bad }).toEqual({ origin: before.origin, bad: 0 });
    await jobGoesOn();
  }, 900_000);

  test("the operator at rest writes nothing and lists nothing", async () => {
    await cluster.ready(3);
    // The jobs of a cluster at rest are asked for every 30 s: what came of the last test stands in status after that.
    await new Promise((resolve) => setTimeout(resolve, 45_000));
    const since = Date.now();
    await new Promise((resolve) => setTimeout(resolve, restMillis));
    const seen = requestsOf(operator.user, since);
    expect(seen.filter(({ resource }) => resource === "leases").length).toBeGreaterThan(0);
    expect(seen.filter(({ verb, resource }) => verb !== "watch" && resource !== "leases")).toEqual([]);
    const resident = await residentBytes();
    console.log(`operator at rest: ${(resident / 1e6).toFixed(1)} MB resident`);
    expect(resident).toBeLessThan(110e6);
  }, 900_000);

  test("an upgrade of the operator whose pods differ rolls no member: the difference is pending until it is asked for", async () => {
    const before = await cluster.pods();
    const image = before[0]!.spec.containers[0]!.image;
    const renamed = `jet.local/mirror/${image.split("/").at(-1)}`;
    await run(clusterHost.enter(["/usr/bin/ctr", "-n", "k8s.io", "images", "tag", "--force", image, renamed]));
    const setting = version.startsWith("4.") ? "hazelcastJet" : "hazelcast";
    const repository = renamed.slice(0, renamed.lastIndexOf(":"));
    await operator.upgrade([`--set=engineImages.${setting}=${repository}`]);
    const pending = await cluster.waitFor("a pending template", ({ status }) => status?.pendingTemplate !== undefined);
    expect(pending.status?.pendingTemplate?.reason).toContain("restart-at");
    await cluster.ready(3);
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    expect((await cluster.pods()).map(({ metadata }) => metadata.uid)).toEqual(
      before.map(({ metadata }) => metadata.uid),
    );
    await jobGoesOn();

    await cluster.kubectl("annotate", "jetcluster", "orders", `${annotation.restartAt}=now`);
    await cluster.waitFor("the members to be replaced", rolledOut, 3 * startMillis);
    await cluster.ready(3);
    const after = await cluster.pods();
    for (const pod of after) expect(pod.spec.containers[0]!.image).toBe(renamed);
    for (const { metadata } of after) expect(before.map((pod) => pod.metadata.uid)).not.toContain(metadata.uid);
    await jobGoesOn();
    await operator.upgrade([]);
  }, 2_400_000);

  test("the job keeps its count while the cluster grows from 3 to 5", async () => {
    await cluster.apply(spec(5));
    const grown = await cluster.ready(5);
    expect(grown.status).toMatchObject({ replicas: 5, quorum: { base: 5, needed: 3, live: 5 } });
    const uuids = grown.status?.members?.map(({ uuid }) => uuid).sort();
    for (const pod of await cluster.pods()) expect((await cluster.view(pod.metadata.name)).uuids).toEqual(uuids);
    await jobGoesOn();
  });

  test("a StatefulSet deleted by hand is made again at its size, and takes its members back", async () => {
    const before = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    const set = cluster.at("apps/statefulsets", "orders");
    const read = async () =>
      (await cluster.api.request("GET", set)) as { metadata: { uid: string }; spec: { replicas: number } };
    const { uid } = (await read()).metadata;
    await cluster.kubectl("delete", "statefulset", "orders", "--cascade=orphan");
    const again = async () => {
      const found = await read();
      return found.metadata.uid === uid ? undefined : found;
    };
    const made = await until("another StatefulSet", again, { timeoutMillis: 60_000 });
    expect(made.spec.replicas).toBe(before.length);
    await cluster.ready(before.length);
    expect((await cluster.pods()).map(({ metadata }) => metadata.uid)).toEqual(before);
    await jobGoesOn();
  });

  test("its deletion ends, and takes all that was made for it along", async () => {
    await reader.stop();
    await cluster.remove();
    for (const collection of ["services", "configmaps", "serviceaccounts", "networkpolicies", "poddisruptionbudgets"]) {
      const left = await cluster.kubectl("get", collection, "-o", "name", "-l", "jet-operator.io/cluster=orders");
      expect(left).toBe("");
    }
  });
});

function rolledOut({ status, metadata }: Awaited<ReturnType<TestedCluster["read"]>>): boolean {
  return (
    metadata.annotations?.[annotation.restartAt] !== undefined &&
    status?.pendingTemplate === undefined &&
    status?.lastOperation?.kind === "Roll" &&
    status.operation === undefined
  );
}

/** SIGKILL to the engine's process, as the kernel sends it: the pod stays, its container starts again. */
async function killMember({ api, namespace: where }: TestedCluster, pod: string): Promise<void> {
  const { status } = (await api.request("GET", `/api/v1/namespaces/${where}/pods/${pod}`)) as {
    status: { containerStatuses: readonly { containerID: string }[] };
  };
  const id = status.containerStatuses[0]!.containerID.replace("containerd://", "");
  await run(clusterHost.enter(["/usr/bin/ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", id]));
}
