import { afterAll, beforeAll, expect, test } from "vitest";
import { chart, helm } from "../../cluster/helm.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;

const run = (command: string, ...args: string[]) =>
  helm([command, "jets", ...args, "--namespace=jet-operator"], server.kubeconfig);

const image = "--set=image.repository=registry.example.com/jet-operator";

const names = async (...kinds: string[]) =>
  (
    await server.kubectl([
      "get",
      kinds.join(","),
      "--all-namespaces",
      "--selector=app.kubernetes.io/instance=jets",
      "-o",
      "name",
    ])
  )
    .split("\n")
    .filter(Boolean);

beforeAll(async () => {
  server = await startTestApiServer();
  await server.kubectl(["create", "namespace", "shop"]);
});

afterAll(() => server?.stop());

test("installing, upgrading and uninstalling leave JetClusters as they are", async () => {
  await run("install", chart, image, "--create-namespace");
  const cluster = {
    apiVersion: "jet-operator.io/v1beta1",
    kind: "JetCluster",
    metadata: { name: "orders" },
    spec: { replicas: 3 },
  };
  await server.kubectl(["create", "--namespace=shop", "-f", "-"], JSON.stringify(cluster));
  const version = () =>
    server.kubectl([
      "get",
      "jetcluster",
      "orders",
      "--namespace=shop",
      "-o",
      "jsonpath={.metadata.uid} {.metadata.generation}",
    ]);
  const before = await version();

  await run("upgrade", chart, image, "--set=image.tag=9.9.9,workers=8,scope.namespaces={shop}");
  expect(await names("deployments")).toEqual(["deployment.apps/jets-jet-operator"]);
  expect(await names("clusterroles", "roles")).toEqual([
    "clusterrole.rbac.authorization.k8s.io/jets-jet-operator-edit",
    "clusterrole.rbac.authorization.k8s.io/jets-jet-operator-view",
    "role.rbac.authorization.k8s.io/jets-jet-operator-leader-election",
    "role.rbac.authorization.k8s.io/jets-jet-operator",
  ]);
  expect(await version()).toBe(before);

  await run("uninstall");
  expect(await names("deployments", "services", "serviceaccounts", "clusterroles", "roles", "networkpolicies")).toEqual(
    [],
  );
  expect(await version()).toBe(before);

  await run("install", chart, image);
  expect(await version()).toBe(before);
});
