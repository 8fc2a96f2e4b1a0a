import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chart, helm } from "../../cluster/helm.ts";
import { connect, type KubeApi } from "../../cluster/kube-watch.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

type Right = readonly [verb: string, resource: string, namespace: string, name?: string];

const user = "system:serviceaccount:jet-operator";
let server: TestApiServer;
let api: KubeApi;

/** By the real Helm; nothing runs here, so no pod comes of it. */
async function install(release: string, values: string): Promise<void> {
  const args = ["--namespace=jet-operator", `--values=${join(chart, "ci", `${values}-values.yaml`)}`];
  // There are no custom resources of prometheus-operator here.
  const without = "--set=podMonitor.enabled=false,prometheusRule.enabled=false";
  await helm(["install", release, chart, ...args, without], server.kubeconfig);
}

/** The API server's own decision. */
async function mayI(account: string, [verb, resource, namespace, name = ""]: Right): Promise<boolean> {
  const [plural = "", subresource = ""] = resource.split("/");
  const [kind = "", ...group] = plural.split(".");
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: `${user}:${account}`,
      groups: ["system:serviceaccounts", "system:serviceaccounts:jet-operator", "system:authenticated"],
      resourceAttributes: { verb, group: group.join("."), resource: kind, subresource, namespace, name },
    },
  };
  const answer = await api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
  return (answer as { status: { allowed: boolean } }).status.allowed;
}

const rights = (resource: string, namespace: string, ...verbs: string[]): Right[] =>
  verbs.map((verb) => [verb, resource, namespace]);

/** What the operator does in a namespace that it looks after. */
const needed = (namespace: string): Right[] => [
  ...rights("jetclusters.jet-operator.io", namespace, "get", "list", "watch", "patch"),
  ...rights("jetclusters.jet-operator.io/status", namespace, "patch"),
  ...rights("jetclusters.jet-operator.io/finalizers", namespace, "update"),
  ...rights("statefulsets.apps", namespace, "get", "list", "watch", "create", "patch"),
  ...[
    "services",
    "configmaps",
    "serviceaccounts",
    "poddisruptionbudgets.policy",
    "networkpolicies.networking.k8s.io",
  ].flatMap((resource) => rights(resource, namespace, "get", "list", "watch", "create", "patch")),
  ...rights("networkpolicies.networking.k8s.io", namespace, "delete"),
  ...rights("pods", namespace, "get", "list", "watch", "delete"),
  ...rights("persistentvolumeclaims", namespace, "get", "list", "watch", "create", "patch"),
  ...rights("jobs.batch", namespace, "get", "list", "watch", "create", "delete"),
  ...rights("events", namespace, "list", "create", "patch"),
  ["get", "namespaces", namespace, namespace],
];

/** What would do harm in wrong hands, anywhere. */
const forbidden = (namespace: string): Right[] => [
  ...rights("secrets", namespace, "get", "list", "watch", "create", "patch", "update", "delete"),
  ...rights("pods/exec", namespace, "create", "get"),
  ...rights("pods/portforward", namespace, "create"),
  ...rights("pods/ephemeralcontainers", namespace, "patch", "update"),
  ...rights("pods/eviction", namespace, "create"),
  ...rights("pods", namespace, "create", "patch", "update", "deletecollection"),
  ...rights("statefulsets.apps", namespace, "delete", "deletecollection", "update"),
  ...rights("persistentvolumeclaims", namespace, "deletecollection", "update"),
  ...rights("jetclusters.jet-operator.io", namespace, "create", "delete", "deletecollection", "update"),
  ...rights("jetclusters.jet-operator.io/scale", namespace, "patch", "update"),
  ...rights("serviceaccounts/token", namespace, "create"),
  ...rights("serviceaccounts", namespace, "impersonate", "delete"),
  ...rights("roles.rbac.authorization.k8s.io", namespace, "create", "patch", "bind", "escalate"),
  ...rights("deployments.apps", namespace, "create", "patch", "get"),
  ...rights("jobs.batch", namespace, "patch", "update", "deletecollection"),
  ...rights("cronjobs.batch", namespace, "create"),
  ...rights("events", namespace, "get", "watch", "update", "delete"),
  ...rights("configmaps", namespace, "delete", "deletecollection"),
  ...rights("services", namespace, "delete", "deletecollection"),
  ...rights("customresourcedefinitions.apiextensions.k8s.io", "", "get", "create", "patch", "delete"),
  ...rights("clusterroles.rbac.authorization.k8s.io", "", "create", "bind", "escalate"),
  ...rights("nodes", "", "get", "list", "patch"),
  ...rights("persistentvolumes", "", "get", "delete"),
  ...rights("namespaces", "", "list", "watch", "patch", "delete"),
];

const lease = "leases.coordination.k8s.io";

beforeAll(async () => {
  server = await startTestApiServer({ controllers: ["clusterrole-aggregation-controller"] });
  api = connect(server.kubeconfig);
  for (const namespace of ["jet-operator", "shop", "bank", "other"]) {
    await server.kubectl(["create", "namespace", namespace]);
  }
  await install("jet-operator", "cluster-wide");
  await install("named", "everything");
});

afterAll(() => server?.stop());

async function unlike(account: string, list: readonly Right[], allowed: boolean): Promise<string[]> {
  const wrong: string[] = [];
  for (const right of list) if ((await mayI(account, right)) !== allowed) wrong.push(right.join(" "));
  return wrong;
}

describe("an operator for all namespaces", () => {
  test("may do what it needs, in any of them", async () => {
    expect(await unlike("jet-operator", needed("other"), true)).toEqual([]);
  });

  test("may not do what would do harm", async () => {
    expect(await unlike("jet-operator", forbidden("other"), false)).toEqual([]);
  });

  test("may delete claims only where the installation says so", async () => {
    const deletion = rights("persistentvolumeclaims", "shop", "delete");
    expect(await unlike("jet-operator", deletion, false)).toEqual([]);
    expect(await unlike("jets-operator", deletion, true)).toEqual([]);
  });

  test("may hold its own Lease, and touch no other", async () => {
    const own: Right[] = [
      ["create", lease, "jet-operator"],
      ["get", lease, "jet-operator", "jet-operator"],
      ["update", lease, "jet-operator", "jet-operator"],
    ];
    expect(await unlike("jet-operator", own, true)).toEqual([]);
    const others: Right[] = [
      ["update", lease, "jet-operator", "somebody-else"],
      ["delete", lease, "jet-operator", "jet-operator"],
      ["create", lease, "kube-system"],
      ["update", lease, "kube-system", "kube-scheduler"],
    ];
    expect(await unlike("jet-operator", others, false)).toEqual([]);
  });
});

describe("an operator for named namespaces", () => {
  test.each(["shop", "bank"])("may do what it needs in %s", async (namespace) => {
    expect(await unlike("jets-operator", needed(namespace), true)).toEqual([]);
  });

  test("may not do what would do harm, there either", async () => {
    expect(await unlike("jets-operator", forbidden("shop"), false)).toEqual([]);
  });

  test("may do nothing elsewhere, not even look", async () => {
    expect(await unlike("jets-operator", needed("other"), false)).toEqual([]);
    expect(await unlike("jets-operator", needed(""), false)).toEqual([]);
  });
});

test("who may view a namespace sees JetClusters, who may edit it changes and scales them, neither writes status", async () => {
  for (const role of ["view", "edit"]) {
    await server.kubectl([
      "create",
      "rolebinding",
      role,
      "--namespace=shop",
      `--clusterrole=${role}`,
      `--serviceaccount=jet-operator:${role}er`,
    ]);
  }
  const clusters = "jetclusters.jet-operator.io";
  const looking = rights(clusters, "shop", "get", "list", "watch");
  const changing = [
    ...rights(clusters, "shop", "create", "update", "patch", "delete"),
    ...rights(`${clusters}/scale`, "shop", "update", "patch"),
  ];
  // The controller that adds our rules to Kubernetes' own roles takes its time.
  await expect.poll(() => unlike("editer", changing, true), { timeout: 60_000 }).toEqual([]);
  await expect.poll(() => unlike("viewer", looking, true), { timeout: 60_000 }).toEqual([]);
  expect(await unlike("viewer", changing, false)).toEqual([]);
  expect(await unlike("editer", rights(`${clusters}/status`, "shop", "update", "patch"), false)).toEqual([]);
});
