import { afterAll, beforeAll, expect, test } from "vitest";
import type { BlockedBy, JetCluster, JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { nodePlans } from "../cluster/paths.ts";
import { run, until } from "../cluster/run.ts";
import { engineImages } from "./engines.ts";
import { condition, startMillis, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";

/**
 * What people and Kubernetes refuse to a cluster: status names it with what helps, and once it is out of the way all goes
 * on by itself. Three clusters wait at the same time, each for its own obstacle; two of them in one namespace.
 */
const namespaces = { quota: "jet-e2e-quota", others: "jet-e2e-refused" };
const storageClass = "jet-e2e-missing";
const version = "5.7.0";
const resources = { requests: { cpu: "50m", memory: "200Mi" }, limits: { memory: "400Mi" } };
const single = { replicas: 1, backupCount: 0, version, resources };

let operator: Release | undefined;
let image: string;
const crowded = testedCluster(namespaces.quota, "crowded");
const homeless = testedCluster(namespaces.others, "homeless");
const diskless = testedCluster(namespaces.others, "diskless");

beforeAll(async () => {
  await up({}, console.log);
  image = await engineImages(version);
  operator = await installOperator({ name: "refused", watches: Object.values(namespaces) });
  for (const cluster of [crowded, homeless, diskless]) await cluster.remove();
  await removeVolume();
  await setQuota({ services: "1", pods: "1" });
  await crowded.apply({ replicas: 3, version, resources });
  await homeless.apply({ ...single, resources: { requests: { memory: "900Gi" }, limits: { memory: "900Gi" } } });
  await diskless.apply(await onMissingClass());
});
afterAll(async () => {
  await crowded.kubectl("delete", "resourcequota", "few", "--ignore-not-found");
  for (const cluster of [crowded, homeless, diskless]) await cluster.remove();
  await operator?.end();
  await removeVolume();
});

async function setQuota(hard: Readonly<Record<string, string>>): Promise<void> {
  const body = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few" }, spec: { hard } };
  const input = JSON.stringify(body);
  await clusterHost.kubectl(["apply", "-n", namespaces.quota, "-f", "-"], { input });
}

async function onMissingClass(): Promise<JetClusterSpecInput> {
  await diskless.kubectl("delete", "secret", "license", "--ignore-not-found");
  await diskless.kubectl("create", "secret", "generic", "license", "--from-literal=key=none");
  return {
    ...single,
    image: { repository: image.replace(/:[^:/]*$/, "") },
    licenseKeySecretRef: { name: "license", key: "key" },
    losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "1Gi", storageClassName: storageClass } } },
    deletion: { timeoutSeconds: 20 },
  };
}

/** By hand, as an administrator without a provisioner would. */
async function makeVolume(): Promise<void> {
  const path = `/var/lib/kubelet/${storageClass}`;
  await run(clusterHost.enter(["/bin/mkdir", "-p", path]));
  const onTheNode = [{ key: "kubernetes.io/hostname", operator: "In", values: [nodePlans[0].name] }];
  const body = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: storageClass },
    spec: {
      storageClassName: storageClass,
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: onTheNode }] } },
    },
  };
  await clusterHost.kubectl(["create", "-f", "-"], { input: JSON.stringify(body) });
}

async function removeVolume(): Promise<void> {
  await diskless.kubectl("delete", "pvc", "data-diskless-0", "--ignore-not-found");
  await clusterHost.kubectl(["delete", "pv", storageClass, "--ignore-not-found"]);
}

const blocks = ({ status }: JetCluster, check: string, said: RegExp): BlockedBy | undefined =>
  status?.blockedBy?.find((by) => by.check === check && said.test(by.observed));

/** Waits until status says so, and gives what it says. */
async function named(cluster: TestedCluster, check: string, said: RegExp): Promise<BlockedBy> {
  const seen = await cluster.waitFor(`${check} with ${said}`, (now) => blocks(now, check, said) !== undefined, 180_000);
  return blocks(seen, check, said)!;
}

test("a child that a quota refuses is named, and without it no pod is made", async () => {
  const by = await named(crowded, "ChildRefused", /^Service\/crowded\S*: .*exceeded quota: few/);
  expect(by.remedy).toMatch(/^raise the ResourceQuota/);
  const now = await crowded.read();
  expect(condition(now, "Ready")).toMatchObject({ status: "False", reason: "ChildRefused" });
  expect(condition(now, "Stalled")).toMatchObject({ status: "True", reason: "ChildRefused" });
  expect(await crowded.kubectl("get", "statefulsets,pods", "-o", "name")).toBe("");
  await setQuota({ services: "5", pods: "1" });
});

test("a pod that fits on no node is named with what the scheduler says, for each thing that it lacks", async () => {
  const room = await named(homeless, "PodsNotReady", /homeless-0: Unschedulable: .*Insufficient memory/);
  expect(room.remedy).toBe("add nodes, or set smaller spec.resources");
  await homeless.apply({ ...single, scheduling: { nodeSelector: { "jet-e2e/none": "yes" } } });
  const label = await named(homeless, "PodsNotReady", /homeless-0: Unschedulable: .*node affinity\/selector/);
  expect(label.remedy).toBe("add, label or uncordon nodes, or change spec.scheduling");
  await homeless.apply(single);
});

test("a volume that never binds is named with the reason of its claim, and goes on once there is a volume", async () => {
  const by = await named(
    diskless,
    "PodsNotReady",
    new RegExp(`data-diskless-0 is not bound: .*${storageClass}.* not found`),
  );
  expect(by.observed).toMatch(/^diskless-0: Unschedulable/);
  expect(by.remedy).toMatch(/^make the storage class/);
  await makeVolume();
  const bound = async () => {
    const phase = await diskless.kubectl("get", "pvc", "data-diskless-0", "-o", "jsonpath={.status.phase}");
    return phase === "Bound" ? true : undefined;
  };
  await until("the claim to be bound", bound, { timeoutMillis: 180_000, everyMillis: 1_000 });
  await diskless.waitFor(
    "nothing said of the volume",
    (now) => !blocks(now, "PodsNotReady", /not bound|Unschedulable/),
  );
});

test("pods that a quota refuses are named, and the cluster forms once there is room", async () => {
  const by = await named(crowded, "PodsNotReady", /crowded-[0-2]: FailedCreate: .*exceeded quota: few/);
  expect(by.remedy).toMatch(/ResourceQuota/);
  expect((await crowded.pods()).length).toBe(1);
  await setQuota({ services: "5", pods: "5" });
  const { status } = await crowded.ready(3, startMillis);
  expect(status?.blockedBy).toBeUndefined();
});

test("the pod that fitted nowhere has become a cluster", async () => {
  const { status } = await homeless.ready(1);
  expect(status?.blockedBy).toBeUndefined();
});
