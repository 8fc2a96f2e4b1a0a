import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { clusterHost, down, status, up } from "../cluster/cluster.ts";
import { nodeProcesses } from "../cluster/holder.ts";
import { addresses, clusterId, nodePlans, nodeState, stateDirectory } from "../cluster/paths.ts";
import { startTimeOf } from "../cluster/processes.ts";
import { run, until } from "../cluster/run.ts";
import { type PodNamespace, podNamespace } from "./busybox-pods.ts";
import { tracesOf } from "./machine-traces.ts";

// A cluster of its own beside the one of the other tests: this one is ended, damaged and made anew.
vi.hoisted(() => {
  const { JET_CLUSTER: lane } = process.env;
  Object.assign(process.env, { JET_CLUSTER: lane === "c" ? "d" : "b" });
});

const [first, second] = nodePlans;
const traces = () => tracesOf(clusterId, stateDirectory, [addresses.nodes, addresses.pods, addresses.services]);
const soon = { timeoutMillis: 120_000, everyMillis: 300 };

beforeAll(async () => {
  await down({ purge: true }, console.log);
});
afterAll(async () => {
  await down({ purge: true }, console.log);
});

test("a network namespace of its name that it did not make is neither used nor removed", async () => {
  await run(["ip", "netns", "add", first.id]);
  try {
    await expect(up({}, console.log)).rejects.toThrow(
      `network namespace ${first.id} exists and was not made by this program`,
    );
    await down({}, console.log);
    expect(await run(["ip", "-n", first.id, "-o", "link"])).toContain("lo");
  } finally {
    await run(["ip", "netns", "del", first.id]);
  }
});

describe("two nodes", () => {
  let pods: PodNamespace;

  beforeAll(async () => {
    await up({ nodes: 2 }, console.log);
    pods = await podNamespace("two-nodes");
  });
  afterAll(async () => {
    await pods?.end();
  });

  test("pods on different nodes reach each other, and a NetworkPolicy is enforced between them", async () => {
    const script = "mkdir /tmp/www; echo far > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www";
    const address = await pods.run({ name: "far", node: second.name, script });
    await pods.run({ name: "near", node: first.name });
    const reaches = (expected: boolean) => async () => {
      const get = pods.shell("near", `timeout 5 wget -q -O- http://${address}:8080/index.html`);
      return (await get.then(
        (answer) => answer === "far\n",
        () => false,
      )) === expected
        ? true
        : undefined;
    };
    await until("the other node's pod to answer", reaches(true), soon);
    const spec = { podSelector: { matchLabels: { app: "far" } }, policyTypes: ["Ingress"] };
    await pods.apply([
      { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "closed" }, spec },
    ]);
    await until("the policy to be enforced", reaches(false), soon);
  });

  test("pods spread over the two zones, and a drain moves them", async () => {
    const { image } = await containerOf(pods, "near");
    await pods.apply([spreadDeployment(image)]);
    const kubectl = (...args: string[]) => clusterHost.kubectl(["-n", pods.name, ...args]);
    await kubectl("rollout", "status", "deployment/spread", "--timeout=120s");
    const nodes = async () =>
      (await kubectl("get", "pods", "-l", "role=spread", "-o", "jsonpath={.items[*].spec.nodeName}")).split(" ").sort();
    expect(await nodes()).toEqual([first.name, second.name]);
    await kubectl("drain", second.name, "--ignore-daemonsets", "--force", "--timeout=120s");
    await kubectl("rollout", "status", "deployment/spread", "--timeout=120s");
    await until(
      "both on the first node",
      async () => ((await nodes()).join() === `${first.name},${first.name}` ? true : undefined),
      soon,
    );
    await kubectl("uncordon", second.name);
  });
});

test("what was killed runs again after an up, with its data", async () => {
  await up({}, console.log);
  const pods = await podNamespace("killed");
  await pods.claim("kept");
  await pods.run({ name: "keeper", claim: "kept" });
  await pods.shell("keeper", "echo kept > /data/file");
  for (const name of ["holder", "etcd", "kubelet"]) kill(first.id, name);
  kill(second.id, "containerd");
  await up({}, console.log);
  expect(status().filter(({ pid }) => pid === undefined)).toEqual([]);
  const kept = () => pods.shell("keeper", "cat /data/file");
  expect(await until("the pod to run again", kept, soon)).toBe("kept\n");
  await pods.run({ name: "fresh" });
});

test("an up that was killed half-way is completed by the next", async () => {
  await down({}, console.log);
  for (const millis of [700, 1_500]) {
    const half = spawn(process.execPath, [join(import.meta.dirname, "../cluster/main.ts"), "up"], { stdio: "inherit" });
    setTimeout(() => half.kill("SIGKILL"), millis);
    await new Promise((resolve) => half.once("exit", resolve));
  }
  await up({}, console.log);
  expect(status().filter(({ pid }) => pid === undefined)).toEqual([]);
  await clusterHost.kubectl(["get", "namespaces"]);
});

test("after a restart of the machine the cluster starts from nothing", async () => {
  await up({}, console.log);
  await clusterHost.kubectl(["create", "namespace", "before"]);
  for (const component of nodeProcesses(first).names()) kill(first.id, component);
  const records = join(nodeState(first), "processes");
  for (const file of readdirSync(records)) {
    const record = JSON.parse(readFileSync(join(records, file), "utf8")) as { startTime: string };
    writeFileSync(
      join(records, file),
      JSON.stringify({ ...record, startTime: record.startTime.replace(/@.*/, "@earlier") }),
    );
  }
  await up({}, console.log);
  expect(await clusterHost.kubectl(["get", "namespaces", "-o", "name"])).not.toContain("namespace/before");
});

test("a down leaves nothing of it on the machine, and ends no process that only has an old process's id", async () => {
  await up({}, console.log);
  const pods = await podNamespace("last");
  await pods.claim("data");
  await pods.run({ name: "last", claim: "data" });
  const kinds = new Set((await traces()).map((line) => line.split(":")[0] ?? ""));
  expect([...kinds].sort()).toEqual(
    ["cgroup", "file", "link", "mount", "network namespace", "pod process", "process", "route"].sort(),
  );
  const bystander = spawn("sleep", ["600"], { stdio: "ignore" });
  const pid = bystander.pid ?? 0;
  try {
    const record = { name: "provisioner", pid, startTime: `1${startTimeOf(pid)}` };
    const provisioner = nodeProcesses(first).running("provisioner");
    writeFileSync(join(nodeState(first), "processes", "provisioner.json"), JSON.stringify(record));
    await down({}, console.log);
    expect(await traces()).toEqual([]);
    expect(startTimeOf(provisioner?.pid ?? 0)).toBeUndefined();
    expect(startTimeOf(pid)).toBeDefined();
    await down({}, console.log);
  } finally {
    bystander.kill();
  }
});

function kill(nodeId: string, component: string): void {
  const node = nodePlans.find(({ id }) => id === nodeId) ?? first;
  const record = nodeProcesses(node).running(component);
  if (record) process.kill(record.pid, "SIGKILL");
}

async function containerOf(pods: PodNamespace, name: string): Promise<{ image: string }> {
  const pod = (await pods.api.request("GET", `${pods.path("pods")}/${name}`)) as {
    spec: { containers: [{ image: string }] };
  };
  return pod.spec.containers[0];
}

function spreadDeployment(image: string) {
  const labels = { role: "spread" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "spread" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "topology.kubernetes.io/zone",
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [{ name: "c", image, command: ["sleep", "100000"] }],
        },
      },
    },
  };
}
