import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { userKubeconfig } from "../cluster/certificates.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { restartComponent } from "../cluster/components.ts";
import { ApiError, connect } from "../cluster/kube-watch.ts";
import { addresses, auditLog, clusterId } from "../cluster/paths.ts";
import { run, succeeds, until } from "../cluster/run.ts";
import { type PodNamespace, podNamespace } from "./busybox-pods.ts";

let pods: PodNamespace;

beforeAll(async () => {
  await up({}, console.log);
  pods = await podNamespace("cluster-test");
});
afterAll(async () => {
  await pods?.end();
});

const soon = { timeoutMillis: 60_000, everyMillis: 300 };

describe("names", () => {
  let address: string;
  let names: { pod: string; headless: string; service: string };

  beforeAll(async () => {
    address = await pods.run({ name: "server-0", labels: { role: "named" }, script: serve("named") });
    const spec = { selector: { role: "named" }, ports: [{ name: "http", port: 8080 }] };
    await pods.apply([
      { apiVersion: "v1", kind: "Service", metadata: { name: "headless" }, spec: { ...spec, clusterIP: "None" } },
      { apiVersion: "v1", kind: "Service", metadata: { name: "named" }, spec },
    ]);
    const zone = `${pods.name}.svc.cluster.local`;
    names = {
      pod: `${address.replaceAll(".", "-")}.${pods.name}.pod.cluster.local`,
      headless: `headless.${zone}`,
      service: `named.${zone}`,
    };
  });

  test("a pod resolves pods, headless services and services, and reaches the service by its name", async () => {
    const lookup = (name: string) => until(name, () => pods.shell("server-0", `nslookup ${name}`), soon);
    expect(await lookup(names.pod)).toContain(address);
    expect(await lookup(names.headless)).toContain(address);
    expect(await lookup(names.service)).toContain(`Address: ${addresses.services.split(".").slice(0, 2).join(".")}.`);
    const fetched = () => pods.shell("server-0", "wget -q -O- http://named:8080/index.html");
    expect(await until("the service to answer", fetched, soon)).toBe("named\n");
  });

  test("the node and this machine resolve and reach the same names", async () => {
    const onNode = () => run(["ip", "netns", "exec", clusterId, "getent", "ahostsv4", names.headless]);
    expect(await until("the node to resolve", onNode, soon)).toContain(address);
    const resolver = new Resolver({ timeout: 2_000 });
    resolver.setServers([addresses.master]);
    expect(await resolver.resolve4(names.headless)).toEqual([address]);
    const [service = ""] = await resolver.resolve4(names.service);
    const answer = await fetch(`http://${service}:8080/index.html`, { signal: AbortSignal.timeout(20_000) });
    expect(await answer.text()).toBe("named\n");
  });

  test("a name outside the cluster does not exist", async () => {
    await expect(pods.shell("server-0", "nslookup example.com")).rejects.toThrow(/NXDOMAIN/);
  });
});

describe("volumes", () => {
  test("a volume is written by a user who is not root and survives its pod", async () => {
    await pods.claim("kept");
    await pods.run({ name: "writer", claim: "kept" });
    await pods.shell("writer", "id -u > /data/by");
    await pods.remove("writer");
    await pods.run({ name: "reader", claim: "kept" });
    expect(await pods.shell("reader", "cat /data/by")).toBe("10001\n");
  });

  test("the data go with the claim", async () => {
    await pods.claim("short");
    await pods.run({ name: "user", claim: "short" });
    const claim = (await pods.api.request("GET", `${pods.path("persistentvolumeclaims")}/short`)) as {
      spec: { volumeName: string };
    };
    const volume = `/api/v1/persistentvolumes/${claim.spec.volumeName}`;
    const { spec } = (await pods.api.request("GET", volume)) as { spec: { local: { path: string } } };
    expect(await succeeds(["test", "-d", spec.local.path])).toBe(true);
    await pods.remove("user");
    await pods.api.request("DELETE", `${pods.path("persistentvolumeclaims")}/short`);
    const gone = async () => ((await succeeds(["test", "-e", spec.local.path])) ? undefined : true);
    await until("the volume's directory to be gone", gone, soon);
    await until(
      "the volume to be gone",
      () =>
        pods.api.request("GET", volume).then(
          () => undefined,
          () => true,
        ),
      soon,
    );
  });
});

describe("ends of pods", () => {
  /** Writes a line about twice a second, and TERM with the time when it is told to end. */
  const beating = (onTerm: string) =>
    `trap 'echo "TERM $(date +%s)" >> /data/log; ${onTerm}' TERM; while :; do date +%s >> /data/log; sleep 0.5; done`;

  async function logOf(name: string, pod: { script: string; graceSeconds: number }): Promise<string[]> {
    await pods.claim(name);
    await pods.run({ name, claim: name, ...pod });
    await until("the first line", () => pods.shell(name, "test -s /data/log"), soon);
    await pods.remove(name);
    const reader = `${name}-reader`;
    await pods.run({ name: reader, claim: name });
    return (await pods.shell(reader, "cat /data/log")).trim().split("\n");
  }

  test("a pod gets SIGTERM, and when it ends by itself its grace period is not waited for", async () => {
    const log = await logOf("obedient", { script: beating("exit 0"), graceSeconds: 3_600 });
    expect(log.at(-1)).toMatch(/^TERM \d+$/);
  });

  test("a pod that ignores SIGTERM has its grace period and is killed then", async () => {
    const log = await logOf("stubborn", { script: beating(":"), graceSeconds: 8 });
    const told = Number(log.find((line) => line.startsWith("TERM"))?.split(" ")[1]);
    const lasted = Number(log.at(-1)) - told;
    expect(lasted).toBeGreaterThanOrEqual(6);
    expect(lasted).toBeLessThan(60);
  });
});

test("an eviction that a PodDisruptionBudget does not allow is refused with 429", async () => {
  const labels = { role: "budgeted" };
  await Promise.all(["budgeted-0", "budgeted-1"].map((name) => pods.run({ name, labels })));
  const spec = { minAvailable: 1, selector: { matchLabels: labels } };
  await pods.apply([{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "budget" }, spec }]);
  const budget = `/apis/policy/v1/namespaces/${pods.name}/poddisruptionbudgets/budget`;
  const allowed = async () => {
    const { status } = (await pods.api.request("GET", budget)) as { status?: { disruptionsAllowed?: number } };
    return status?.disruptionsAllowed === 1 ? true : undefined;
  };
  await until("the budget to allow one", allowed, soon);
  const evict = (name: string) =>
    pods.api.request("POST", `${pods.path("pods")}/${name}/eviction`, {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name, namespace: pods.name },
    });
  await evict("budgeted-0");
  const refusal = await evict("budgeted-1").then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(ApiError);
  expect(refusal).toMatchObject({ status: 429, message: expect.stringContaining("disruption budget") });
  await pods.shell("budgeted-1", "true");
});

test("a NetworkPolicy admits whom it names and cuts off everybody else, until it is gone", async () => {
  const address = await pods.run({ name: "guarded", script: serve("guarded") });
  await pods.run({ name: "friend", labels: { role: "client" } });
  await pods.run({ name: "stranger" });
  const reaches = (pod: string) =>
    pods.shell(pod, `timeout 5 wget -q -O- http://${address}:8080/index.html`).then(
      () => true,
      () => false,
    );
  const state = (friend: boolean, stranger: boolean) => async () =>
    (await reaches("friend")) === friend && (await reaches("stranger")) === stranger ? true : undefined;
  await until("both to get through without a policy", state(true, true), soon);
  const spec = {
    podSelector: { matchLabels: { app: "guarded" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: { matchLabels: { role: "client" } } }], ports: [{ port: 8080 }] }],
  };
  const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "guard" }, spec };
  await pods.apply([policy]);
  await until("only the friend to get through", state(true, false), soon);
  await pods.api.request("DELETE", `/apis/networking.k8s.io/v1/namespaces/${pods.name}/networkpolicies/guard`);
  await until("both to get through again", state(true, true), soon);
});

describe("the way out", () => {
  /** An address of documentation, and all of this machine but the cluster's own link. */
  const outside = [
    "198.51.100.7",
    ...Object.entries(networkInterfaces())
      .filter(([name]) => name !== "lo" && !name.startsWith("jet"))
      .flatMap(([, list = []]) => list.filter(({ family }) => family === "IPv4").map(({ address }) => address)),
  ];

  test.each(outside)("neither a pod nor the node reaches %s", async (address) => {
    const name = `inmate-${address.replaceAll(".", "-")}`;
    await pods.run({ name });
    const get = `wget -O- http://${address}/`;
    await expect(pods.shell(name, get)).rejects.toThrow(/Network is unreachable/);
    await expect(run(clusterHost.enter(["/bin/busybox", ...get.split(" ")]))).rejects.toThrow(/Network is unreachable/);
  });
});

test("the audit log has a user's request, with the decision, when the answer is there", async () => {
  const user = connect(await userKubeconfig(`auditor-${pods.name}`));
  await expect(user.request("GET", pods.path("secrets"))).rejects.toMatchObject({ status: 403 });
  const lines = readFileSync(auditLog, "utf8").trim().split("\n");
  const entry = lines.map((line) => JSON.parse(line)).findLast(({ user }) => user.username === `auditor-${pods.name}`);
  expect(entry).toMatchObject({
    verb: "list",
    objectRef: { resource: "secrets", namespace: pods.name },
    annotations: { "authorization.k8s.io/decision": "forbid" },
  });
});

test("a restart of the API server and of etcd leaves pods alone, and the cluster goes on", async () => {
  await pods.run({ name: "steady" });
  await restartComponent("etcd");
  await restartComponent("kube-apiserver");
  await until("the API server", async () => ((await pods.api.request("GET", "/readyz")) === "ok" ? true : undefined), {
    timeoutMillis: 120_000,
  });
  await pods.run({ name: "later" });
  const steady = (await pods.api.request("GET", `${pods.path("pods")}/steady`)) as {
    status: { phase: string; containerStatuses: { restartCount: number }[] };
  };
  expect(steady.status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 0 }] });
});

function serve(content: string): string {
  return `mkdir /tmp/www; echo ${content} > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www`;
}
