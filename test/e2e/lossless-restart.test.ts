import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { annotation } from "../../src/api/names.ts";
import { type Ledger, readLedger } from "../../src/core/ledger.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { restartComponent } from "../cluster/components.ts";
import { watch } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import type { Job } from "../fake-enterprise/facts.ts";
import { fakeEnterpriseImage, fakeMembers, signalMembers } from "./fake-enterprise.ts";
import { isGone, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { type OperatorProcess, startOperatorProcess } from "./operator-process.ts";
import { removeWithClusters, restrictedNamespace } from "./operator-release.ts";

/**
 * One cluster of fake Enterprise members (test/fake-enterprise), which keep their state on volumes, through stops and
 * starts. What it shows is the operator's part: the licensed engine itself has not been run here.
 */
const namespace = "jet-e2e-lossless";
const name = "vault";
const size = 3;
const spec: JetClusterSpecInput = {
  replicas: size,
  version: "5.7.0",
  losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "1Gi" } } },
  licenseKeySecretRef: { name: "license", key: "key" },
  // The operator is a process of this machine here, no admitted pod.
  network: { policy: "None" },
  persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" },
  resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "200Mi" } },
};
const definitions = join(import.meta.dirname, "../../crds");
const minutes = (count: number) => count * 60_000;
const soon = { timeoutMillis: minutes(2), everyMillis: 300 };

let cluster: TestedCluster;
let operator: OperatorProcess | undefined;
/** Who the cluster is; every stop and start must bring exactly this back. */
let identity: { readonly members: readonly string[]; readonly clusterId: string; readonly claims: readonly string[] };

beforeAll(async () => {
  await up({}, console.log);
  await fakeEnterpriseImage();
  await clusterHost.kubectl(["apply", "--server-side", "--force-conflicts", "-f", definitions]);
  await restrictedNamespace(namespace);
  cluster = testedCluster(namespace, name);
  await cluster.kubectl("delete", "secret", "license", "--ignore-not-found");
  await cluster.kubectl("create", "secret", "generic", "license", "--from-literal=key=of-a-fake");
  operator = await startOperatorProcess("lossless", namespace);
});
afterEach(({ task }) => {
  if (task.result?.state === "fail") console.log(`the operator:\n${operator?.log()}`);
});
afterAll(async () => {
  await operator?.kill();
  await removeWithClusters(namespace);
});

const fake = () => fakeMembers(cluster);
const podName = (ordinal: number) => `${name}-${ordinal}`;
const ordinals = Array.from({ length: size }, (_, ordinal) => ordinal);

async function ledger(): Promise<Ledger | undefined> {
  const set = (await cluster.api.request("GET", cluster.at("apps/statefulsets", name)).catch(() => undefined)) as
    | { metadata: { annotations?: Record<string, string> } }
    | undefined;
  const reading = readLedger(set?.metadata.annotations?.[annotation.ledger]);
  return reading.kind === "ledger" ? reading.ledger : undefined;
}

/** `name uid volume` of every claim, sorted. */
async function claims(): Promise<string[]> {
  const columns = "custom-columns=NAME:.metadata.name,UID:.metadata.uid,VOLUME:.spec.volumeName";
  const lines = await cluster.kubectl("get", "persistentvolumeclaims", "--no-headers", "-o", columns);
  return lines.split("\n").filter(Boolean).sort();
}

async function who() {
  const views = await Promise.all(ordinals.map((ordinal) => cluster.view(podName(ordinal))));
  const { clusterId } = await fake().facts(podName(0));
  return { members: views[0]!.uuids, clusterId, claims: await claims() };
}

async function theJob(): Promise<Job> {
  const [job] = await fake().jobs(podName(0));
  return job!;
}

/** The job runs, and in the time that follows saves more than it had. */
async function jobGoesOn(): Promise<Job> {
  const running = await until(
    "the job to run",
    async () => ((await theJob()).status === "RUNNING" ? theJob() : undefined),
    soon,
  );
  const before = running.snapshot?.value ?? 0;
  return until(
    "the job to count on",
    async () => {
      const now = await theJob();
      return now.status === "RUNNING" && (now.snapshot?.value ?? 0) > before ? now : undefined;
    },
    soon,
  );
}

/** Nothing lost, nothing twice: each execution went on from where the one before it ended, and there is one for each start. */
function expectOnce(job: Job, executions: number): void {
  expect(job.executions.map(({ id }) => id)).toEqual(Array.from({ length: executions }, (_, index) => index + 1));
  for (const [index, execution] of job.executions.entries()) {
    expect(execution.from).toBe(index === 0 ? 0 : job.executions[index - 1]!.to);
  }
  expect(job.resumes).toBe(0);
}

async function stopped(): Promise<void> {
  await cluster.waitFor(
    "the stop to end",
    ({ status }) => status?.replicas === 0 && status.operation === undefined && status.lastOperation?.kind === "Stop",
  );
  expect(await cluster.pods()).toEqual([]);
  expect(await ledger()).toMatchObject({ formedSize: size, stopped: { lossless: true } });
  expect(await claims()).toEqual(identity.claims);
}

async function startedAgain(): Promise<void> {
  await cluster.ready(size, minutes(3));
  expect(await who()).toEqual(identity);
  expect((await ledger())?.lastOperation).toMatchObject({ kind: "Start", result: "Succeeded" });
}

/** Kills the operator in the moment in which the ledger says this step. @returns the step at which it really died. */
async function killedAt(step: string): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
  const stepOf = (text: string | undefined) => {
    const reading = readLedger(text);
    return reading.kind === "ledger" ? reading.ledger.operation?.step : undefined;
  };
  let reached = false;
  const sets = watch(cluster.api, path, () => {
    if (reached) return;
    reached = sets.items().some((set) => stepOf(set.metadata.annotations?.[annotation.ledger]) === step);
    if (reached) void operator?.kill();
  });
  const probe = () => Promise.resolve(reached ? true : undefined);
  await until(`step ${step}`, probe, soon).finally(() => sets.stop());
  await operator?.kill();
  const died = (await ledger())?.operation?.step;
  operator = await startOperatorProcess("lossless", namespace);
  return died;
}

test("three members form, each with its own volume, and a job counts", async () => {
  await cluster.apply(spec);
  await cluster.ready(size, minutes(3));
  await fake().submit({ name: "counter", protection: true });
  await jobGoesOn();
  identity = await who();
  expect(identity.members).toHaveLength(size);
  expect(identity.claims).toHaveLength(size);
});

test("a stop and a start, the operator killed at each of their steps, bring exactly the same cluster back", async () => {
  await cluster.apply({ ...spec, suspend: true });
  const deaths = [await killedAt("Quiescing"), await killedAt("Halting")];
  await stopped();
  await cluster.apply(spec);
  deaths.push(await killedAt("Joining"), await killedAt("Activating"));
  await startedAgain();
  expectOnce(await jobGoesOn(), 2);
  expect(deaths).toEqual(["Quiescing", "Halting", "Joining", "Activating"]);
});

test("replicas 0 and back: neither a restarted kubelet, a wiped status nor a deleted StatefulSet changes who comes back", async () => {
  await cluster.apply({ ...spec, replicas: 0 });
  await until(
    "the pods to be let go",
    async () => ((await ledger())?.operation?.step === "Halting" ? true : undefined),
    soon,
  );
  await restartComponent("kubelet");
  await stopped();
  await operator?.kill();
  await cluster.kubectl("patch", "jetcluster", name, "--subresource=status", "--type=merge", "-p", '{"status":null}');
  await cluster.kubectl("delete", "statefulset", name, "--wait=true");
  operator = await startOperatorProcess("lossless", namespace);
  await cluster.waitFor("a status", ({ status }) => status?.conditions !== undefined);
  expect(await cluster.pods()).toEqual([]);
  await cluster.apply(spec);
  await startedAgain();
  expectOnce(await jobGoesOn(), 3);
});

test("with one volume missing the start waits, names it, and touches no other; restored, all come back", async () => {
  await cluster.apply({ ...spec, suspend: true });
  await stopped();
  const claim = `data-${podName(1)}`;
  const volume = (await cluster.kubectl("get", "pvc", claim, "-o", "jsonpath={.spec.volumeName}")).trim();
  const labels = await cluster.kubectl("get", "pvc", claim, "-o", "jsonpath={.metadata.labels}");
  await clusterHost.kubectl(["patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}']);
  await cluster.kubectl("delete", "pvc", claim, "--wait=true");
  await cluster.apply(spec);
  const waiting = await cluster.waitFor(
    "the missing volume in status",
    ({ status }) => status?.blockedBy?.[0]?.check === "VolumesMissing",
  );
  expect(waiting.status?.blockedBy?.[0]?.observed).toBe(`${claim} is not there`);
  expect(waiting.status?.replicas).toBe(0);
  expect(await cluster.pods()).toEqual([]);
  expect(await claims()).toEqual(identity.claims.filter((line) => !line.startsWith(`${claim} `)));
  await clusterHost.kubectl(["patch", "pv", volume, "--type=json", "-p", '[{"op":"remove","path":"/spec/claimRef"}]']);
  const restored = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: claim, namespace, labels: JSON.parse(labels) as object },
    spec: { volumeName: volume, accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
  await clusterHost.kubectl(["apply", "-f", "-"], { input: JSON.stringify(restored) });
  await clusterHost.kubectl(["patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}']);
  await cluster.ready(size, minutes(3));
  // Another claim, the same volume.
  identity = { ...identity, claims: await claims() };
  expect(identity.claims.map((line) => line.split(/\s+/)[2])).toContain(volume);
  await startedAgain();
  expectOnce(await jobGoesOn(), 4);
});

test("a member that refuses PASSIVE stops the stop: status says so, and back from it the cluster is ACTIVE and its job runs", async () => {
  await fake().control(podName(2), { refusePassive: true });
  await cluster.apply({ ...spec, suspend: true });
  await cluster.waitFor(
    "the refusal in status",
    ({ status }) => status?.operation?.waitingFor?.includes("refuses") === true,
  );
  expect(await cluster.pods()).toHaveLength(size);
  await cluster.apply(spec);
  await cluster.waitFor(
    "the end of the stop",
    ({ status }) => status?.operation === undefined && status?.lastOperation?.result === "Abandoned",
  );
  await cluster.ready(size);
  expect((await cluster.read()).status?.clusterState).toBe("ACTIVE");
  await jobGoesOn();
  expect(await who()).toEqual(identity);
  await fake().control(podName(2), { refusePassive: false });
});

test("the deletion of a running cluster stops it gracefully first, and the same name made again brings it back", async () => {
  const before = await theJob();
  await cluster.remove(minutes(3));
  expect(await claims()).toEqual(identity.claims);
  await cluster.apply({ ...spec, deletion: { timeoutSeconds: 30 } });
  await cluster.ready(size, minutes(3));
  expect(await who()).toEqual(identity);
  const after = await jobGoesOn();
  expect(after.executions.length).toBe(before.executions.length + 1);
  expect(after.executions.at(-1)!.from).toBe(after.executions.at(-2)!.to);
});

test("with the engine frozen the JetCluster is gone within a minute, its claims stay, and made again it comes back", async () => {
  const before = await theJob();
  const pods = (await cluster.pods()).map(({ metadata }) => metadata);
  await signalMembers(pods, "SIGSTOP");
  const began = Date.now();
  await cluster.kubectl("delete", "jetcluster", name, "--wait=false");
  await until(
    "the JetCluster to be gone",
    async () => ((await isGone(cluster.api, cluster.path)) ? true : undefined),
    soon,
  );
  expect(Date.now() - began).toBeLessThan(minutes(1));
  expect(await claims()).toEqual(identity.claims);
  const terminating = async () =>
    (await cluster.pods()).every(({ metadata }) => metadata.deletionTimestamp !== undefined) ? true : undefined;
  await until("the pods to be let go", terminating, soon);
  // As the kubelet does at the end of the grace period, eleven minutes later.
  await signalMembers(pods, "SIGKILL");
  await until("the pods to be gone", async () => ((await cluster.pods()).length === 0 ? true : undefined), soon);
  await cluster.apply(spec);
  await cluster.ready(size, minutes(3));
  expect(await who()).toEqual(identity);
  const after = await jobGoesOn();
  // No last snapshot was possible: it went on from the last periodic one, once.
  expect(after.executions.length).toBe(before.executions.length + 1);
  expect(after.executions.at(-1)!.from).toBeGreaterThanOrEqual(before.snapshot!.value);
});
