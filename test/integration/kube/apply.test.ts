import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApplier } from "../../../src/kube/apply.ts";
import { createKubeClient, type KubeClient } from "../../../src/kube/client.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import { apiVersionOf, type KubeObject, type Resource, resources } from "../../../src/kube/objects.ts";
import { ownedFieldsDiffer, type WholePaths } from "../../../src/kube/owned-fields.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
let client: KubeClient;
const namespace = "default";

beforeAll(async () => {
  server = await startTestApiServer();
  client = createKubeClient({ config: loadKubeConfig(server.kubeconfig), userAgent: "test" });
});
afterAll(() => server?.stop());

type Child = KubeObject & { spec?: { selector?: Record<string, string> }; data?: Record<string, string> };

const child = (resource: Resource, name: string, rest: object): Child => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  metadata: { name, namespace, labels: { app: name } },
  ...rest,
});
const refOf = (resource: Resource, { metadata }: KubeObject) => ({ resource, namespace, name: metadata.name });
const memberPods = { matchLabels: { cluster: "orders" } };

/** What defaults, normalises or drops the most among the kinds that the operator writes. */
const children: readonly [string, Resource, object, WholePaths][] = [
  [
    "a Service",
    resources.services,
    {
      spec: {
        type: "ClusterIP",
        selector: { cluster: "orders" },
        ports: [{ name: "member", port: 5701, targetPort: "member", protocol: "TCP" }],
      },
    },
    [["spec", "selector"]],
  ],
  [
    "a headless Service",
    resources.services,
    {
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: { cluster: "orders" },
        ports: [
          { name: "member", port: 5701 },
          { name: "metrics", port: 8080, targetPort: 8080 },
        ],
      },
    },
    [["spec", "selector"]],
  ],
  ["a ConfigMap", resources.configMaps, { data: { "hazelcast.yaml": "hazelcast: {}\n", empty: "" } }, [["data"]]],
  ["a ServiceAccount", resources.serviceAccounts, { automountServiceAccountToken: false }, []],
  [
    "a PodDisruptionBudget",
    resources.podDisruptionBudgets,
    { spec: { maxUnavailable: 0, selector: memberPods, unhealthyPodEvictionPolicy: "AlwaysAllow" } },
    [],
  ],
  [
    "a NetworkPolicy",
    resources.networkPolicies,
    {
      spec: {
        podSelector: memberPods,
        policyTypes: ["Ingress"],
        ingress: [
          { from: [{ podSelector: memberPods }, { namespaceSelector: {} }], ports: [{ port: 5701, protocol: "TCP" }] },
          { ports: [{ port: "metrics", protocol: "TCP" }], from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] },
        ],
      },
    },
    [["spec", "ingress"]],
  ],
  [
    "a NetworkPolicy that lets nobody in",
    resources.networkPolicies,
    { spec: { podSelector: {}, ingress: [] } },
    [["spec", "ingress"]],
  ],
  [
    "a claim",
    resources.persistentVolumeClaims,
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1024Mi" } } } },
    [],
  ],
];

describe("what the API server makes of an applied object", () => {
  test.each(children)(
    "%s does not differ from what was asked for, however it was defaulted",
    async (name, resource, rest, whole) => {
      const desired = child(resource, name.replaceAll(" ", "-").toLowerCase(), rest);
      const ref = refOf(resource, desired);
      const written = await client.apply<Child>(ref, desired, { fieldManager: "ours", force: true });
      expect(ownedFieldsDiffer(desired, written, whole)).toBe(false);
      expect(ownedFieldsDiffer(desired, await client.get<Child>(ref), whole)).toBe(false);
    },
  );
});

describe("the applier on a real API server", () => {
  const service = (name: string, selector: Record<string, string>) =>
    child(resources.services, name, { spec: { selector, ports: [{ port: 5701 }] } });
  const whole = [["spec", "selector"]];

  test("takes a key away from a selector, and reverts one that somebody adds", async () => {
    const applier = createApplier(client, "ours");
    const closed = service("gate", { cluster: "orders", gate: "closed" });
    const open = service("gate", { cluster: "orders" });
    const ref = refOf(resources.services, open);
    const live = () => client.get<Child>(ref);
    await applier.ensure({ ref, desired: closed, live: undefined, whole });
    expect(await applier.ensure({ ref, desired: closed, live: await live(), whole })).toBeUndefined();
    await applier.ensure({ ref, desired: open, live: await live(), whole });
    expect((await live()).spec?.selector).toEqual({ cluster: "orders" });
    await server.kubectl(["patch", "service", "gate", "--type=merge", "-p", '{"spec":{"selector":{"other":"x"}}}']);
    await applier.ensure({ ref, desired: open, live: await live(), whole });
    expect((await live()).spec?.selector).toEqual({ cluster: "orders" });
    expect(await applier.ensure({ ref, desired: open, live: await live(), whole })).toBeUndefined();
  });

  test("is quiet although a key that somebody else added to a ConfigMap cannot be taken away by apply", async () => {
    const applier = createApplier(client, "ours");
    const desired = child(resources.configMaps, "shared", { data: { mine: "1" } });
    const ref = refOf(resources.configMaps, desired);
    await applier.ensure({ ref, desired, live: undefined });
    await server.kubectl(["patch", "configmap", "shared", "--type=merge", "-p", '{"data":{"foreign":"x","mine":"2"}}']);
    const ensure = async () => {
      const live = await client.get<Child>(ref);
      return applier.ensure({ ref, desired, live, whole: [["data"]] });
    };
    expect(await ensure()).toMatchObject({ data: { mine: "1", foreign: "x" } });
    expect(await ensure()).toBeUndefined();
    expect(await ensure()).toBeUndefined();
  });

  test("an apply that changes nothing does not move the object's version", async () => {
    const desired = service("same", { cluster: "orders" });
    const apply = () =>
      client.apply<Child>(refOf(resources.services, desired), desired, { fieldManager: "ours", force: true });
    expect((await apply()).metadata.resourceVersion).toBe((await apply()).metadata.resourceVersion);
  });
});
