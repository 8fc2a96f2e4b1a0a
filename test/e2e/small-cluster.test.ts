import { afterAll, beforeAll, expect, test } from "vitest";
import { annotation } from "../../src/api/names.ts";
import { up } from "../cluster/cluster.ts";
import { restartComponent } from "../cluster/components.ts";
import { until } from "../cluster/run.ts";
import { requestsOf } from "./api-requests.ts";
import { engineImages } from "./engines.ts";
import { isGone, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";

/**
 * Two clusters of one member and of the same name in two namespaces, and what people and accidents do to them. The
 * tests stand in the order of their life.
 */
const namespaces = ["jet-e2e-east", "jet-e2e-west"] as const;
const release = { name: "twins", watches: namespaces };
const spec = {
  replicas: 1,
  version: "5.7.0",
  backupCount: 0,
  resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "450Mi" } },
};

let operator: Release;
let east: TestedCluster;
let west: TestedCluster;
let westPod: string;

beforeAll(async () => {
  await up({}, console.log);
  await engineImages("5.7.0");
  operator = await installOperator(release);
  [east, west] = namespaces.map((namespace) => testedCluster(namespace, "twin")) as [TestedCluster, TestedCluster];
  for (const each of [east, west]) await each.remove();
});
afterAll(async () => {
  for (const each of [east, west]) await each?.remove();
  await operator?.end();
});

interface Meta {
  readonly metadata: { readonly uid: string; readonly annotations?: Record<string, string> };
  readonly spec: { readonly replicas?: number };
}

const uidsOf = async (cluster: TestedCluster) => (await cluster.pods()).map(({ metadata }) => metadata.uid);
const read = async (collection: string, name: string) =>
  (await east.api.request("GET", east.at(collection, name))) as Meta;

test("two clusters of the same name in two namespaces form side by side, each with its own members", async () => {
  await Promise.all([east.apply(spec), west.apply(spec)]);
  const [first, second] = await Promise.all([east.ready(1), west.ready(1)]);
  expect(first.status?.members?.[0]?.uuid).not.toBe(second.status?.members?.[0]?.uuid);
  for (const each of [east, west]) expect((await each.view("twin-0")).uuids).toHaveLength(1);
  westPod = (await west.pods())[0]!.metadata.uid;
});

/** What belongs to the operator, how somebody bends it, and the path of the JSON that comes back. */
const foreignEdits = [
  ["services", "twin", "/spec/selector", { app: "somebody-elses" }],
  ["services", "twin-members", "/spec/publishNotReadyAddresses", false],
  ["networking.k8s.io/networkpolicies", "twin", "/spec/ingress", [{}]],
  ["policy/poddisruptionbudgets", "twin", "/spec/maxUnavailable", 5],
  ["configmaps", "twin-config", "/data/hazelcast.yaml", "hazelcast: {}"],
] as const;

test.each(foreignEdits)("a foreign edit of %s %s at %s is reverted", async (collection, name, path, value) => {
  const keys = path.split("/").slice(1);
  const at = (object: unknown) => keys.reduce((inner, key) => (inner as Record<string, unknown>)[key], object);
  const wanted = at(await read(collection, name));
  const patch = [{ op: "replace", path, value }];
  await east.api.request("PATCH", east.at(collection, name), patch, "application/json-patch+json");
  await until(
    "the edit to be reverted",
    async () => (JSON.stringify(at(await read(collection, name))) === JSON.stringify(wanted) ? true : undefined),
    { timeoutMillis: 60_000 },
  );
});

test.each(["services", "networking.k8s.io/networkpolicies", "policy/poddisruptionbudgets", "configmaps"])(
  "one of the %s that somebody deletes is made again",
  async (collection) => {
    const name = collection === "configmaps" ? "twin-config" : "twin";
    const { uid } = (await read(collection, name)).metadata;
    await east.api.request("DELETE", east.at(collection, name));
    await until("another one", async () => ((await read(collection, name)).metadata.uid === uid ? undefined : true), {
      timeoutMillis: 60_000,
    });
  },
);

test("a ledger that somebody takes away is written again, and nothing else happens", async () => {
  const pods = await east.pods();
  await east.kubectl("annotate", "statefulset", "twin", `${annotation.ledger}-`);
  const ledger = await until(
    "the ledger",
    async () => (await read("apps/statefulsets", "twin")).metadata.annotations?.[annotation.ledger],
    { timeoutMillis: 60_000 },
  );
  expect(JSON.parse(ledger)).toMatchObject({ quorumBase: 1 });
  await east.ready(1);
  expect((await east.pods()).map(({ metadata }) => metadata.uid)).toEqual(pods.map(({ metadata }) => metadata.uid));
});

test("a StatefulSet scaled by hand goes back to the size that the JetCluster has", async () => {
  await east.kubectl("scale", "statefulset", "twin", "--replicas=2");
  await until(
    "the size to be put right",
    async () => ((await read("apps/statefulsets", "twin")).spec.replicas === 1 ? true : undefined),
    { timeoutMillis: 600_000, everyMillis: 1_000 },
  );
  await east.ready(1);
});

test("a StatefulSet deleted with its pod is made again at its size", async () => {
  const { uid } = (await read("apps/statefulsets", "twin")).metadata;
  await east.kubectl("delete", "statefulset", "twin", "--wait=false");
  await until(
    "another StatefulSet",
    async () => ((await read("apps/statefulsets", "twin")).metadata.uid === uid ? undefined : true),
    { timeoutMillis: 300_000, everyMillis: 1_000 },
  );
  expect((await read("apps/statefulsets", "twin")).spec.replicas).toBe(1);
  await east.waitFor("a member", ({ status }) => status?.readyMembers === 1);
});

test("a restart of the API server under the running operator costs nobody anything but a moment", async () => {
  const pod = await operator.pod();
  const members = await Promise.all([east, west].map((each) => uidsOf(each)));
  await restartComponent("kube-apiserver");
  await until("the API server", async () => ((await east.api.request("GET", "/readyz")) === "ok" ? true : undefined), {
    timeoutMillis: 120_000,
  });
  const since = Date.now();
  const policy = east.at("networking.k8s.io/networkpolicies", "twin");
  await east.api.request("DELETE", policy);
  await until("the operator to notice", async () => ((await isGone(east.api, policy)) ? undefined : true), {
    timeoutMillis: 120_000,
  });
  expect(await operator.pod()).toBe(pod);
  expect(requestsOf(operator.user, since).some(({ verb }) => verb === "patch")).toBe(true);
  expect(await Promise.all([east, west].map((each) => uidsOf(each)))).toEqual(members);
});

test("the cluster of the same name next door has seen nothing of it", async () => {
  await west.ready(1);
  expect((await west.pods())[0]!.metadata.uid).toBe(westPod);
});

test("helm uninstall leaves clusters and their members, and the next operator goes on with them", async () => {
  await operator.uninstall();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect((await west.read()).metadata.deletionTimestamp).toBeUndefined();
  expect((await west.view("twin-0")).uuids).toHaveLength(1);
  operator = await installOperator(release);
  await west.ready(1);
  expect((await west.pods())[0]!.metadata.uid).toBe(westPod);
});

test("the deletion of one leaves the other alone", async () => {
  await east.remove();
  await west.ready(1);
  expect((await west.pods())[0]!.metadata.uid).toBe(westPod);
});
