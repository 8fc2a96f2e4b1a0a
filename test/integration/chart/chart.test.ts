import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Deployment } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { manifestOutputs } from "../../../scripts/generate/manifests.ts";
import { chart, helm } from "../../cluster/helm.ts";
import { CommandFailed } from "../../cluster/run.ts";
import { objectsIn, ofKind } from "../../unit/chart/manifests.ts";

const top = join(import.meta.dirname, "../../..");
const repository = "--set=image.repository=registry.example.com/jet-operator";

const template = (...args: string[]) => helm(["template", "blue", chart, "--kube-version=1.30.0", ...args]);

const deploymentWith = async (...args: string[]) =>
  ofKind(objectsIn(await template(repository, ...args)), "Deployment")[0] as unknown as V1Deployment;

async function refusalOf(...args: string[]): Promise<string> {
  try {
    await template(...args);
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    throw error;
  }
  return "accepted";
}

describe("the chart", () => {
  test.each(readdirSync(join(chart, "ci")))("has nothing that helm lint finds, with %s", async (values) => {
    const output = await helm(["lint", chart, "--strict", `--values=${join(chart, "ci", values)}`]);
    expect(output).toContain("0 chart(s) failed");
  });

  test.each(readdirSync(join(chart, "ci")))("renders every object once, with %s", async (values) => {
    const objects = objectsIn(await template("--include-crds", `--values=${join(chart, "ci", values)}`));
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("CustomResourceDefinition /jetclusters.jet-operator.io");
  });

  test("needs Kubernetes 1.30", async () => {
    await expect(helm(["template", "blue", chart, repository, "--kube-version=1.29.9"])).rejects.toThrow(
      "chart requires kubeVersion: >=1.30.0-0",
    );
  });

  test.each(manifestOutputs.map((output) => [output.file, output] as const))("renders %s", async (file, output) => {
    expect(readFileSync(join(top, file), "utf8")).toBe(await output.content());
  });

  test("leaves pods alone that other releases of it run", async () => {
    const deployment = await deploymentWith();
    expect(deployment.metadata?.name).toBe("blue-jet-operator");
    expect(deployment.spec?.selector.matchLabels).toEqual({
      "app.kubernetes.io/name": "jet-operator",
      "app.kubernetes.io/instance": "blue",
    });
  });

  test("gives no label of the user precedence over those that selectors use", async () => {
    const deployment = await deploymentWith('--set-json=podLabels={"app.kubernetes.io/name":"x","team":"a"}');
    expect(deployment.spec?.template.metadata?.labels).toMatchObject({
      "app.kubernetes.io/name": "jet-operator",
      team: "a",
    });
  });

  test.each([
    ["256Mi", 153],
    ["1Gi", 614],
    ["500M", 286],
    ["1073741824", 614],
  ])("gives the heap three fifths of a memory limit of %s", async (limit, heapMiB) => {
    const deployment = await deploymentWith(`--set-string=resources.limits.memory=${limit}`);
    expect(deployment.spec?.template.spec?.containers[0]?.env).toContainEqual({
      name: "NODE_OPTIONS",
      value: `--max-old-space-size=${heapMiB}`,
    });
  });

  test("admits nobody to the metrics when no client is declared", async () => {
    const objects = objectsIn(await template(repository, "--set-json=metrics.clients=[]"));
    expect(ofKind(objects, "NetworkPolicy")[0]).toMatchObject({ spec: { policyTypes: ["Ingress"], ingress: [] } });
  });
});

describe("values that the chart does not know are refused by name", () => {
  test.each([
    ["--set=replica=2", "at '': additional properties 'replica' not allowed"],
    ["--set=image.repo=x", "at '/image': additional properties 'repo' not allowed"],
    ["--set=image.tag=a/b", "at '/image/tag': 'a/b' does not match pattern"],
    ["--set=image.repository=x:1", "at '/image/repository': 'x:1' does not match pattern"],
    ["--set=image.digest=sha256:12", "at '/image/digest': 'sha256:12' does not match pattern"],
    ["--set=workers=0", "at '/workers': minimum: got 0, want 1"],
    ["--set=replicas=two", "at '/replicas': got string, want integer"],
    ["--set=log.level=loud", "at '/log/level': value must be one of 'error', 'warn', 'info', 'debug'"],
    ["--set=scope.namespaces={Shop}", "at '/scope/namespaces/0': 'Shop' does not match pattern"],
    ["--set=scope.namespaces=shop", "at '/scope/namespaces': got string, want array"],
    ["--set=leaderElection.enabled=false", "at '/leaderElection': additional properties 'enabled' not allowed"],
    ["--set=leaderElection.leaseDuration=15", "at '/leaderElection/leaseDuration': got number, want string"],
    ["--set=resources.limits.memory=1.5Gi", "at '/resources/limits/memory': '1.5Gi' does not match pattern"],
    ["--set=resources.limits.memory=null", "at '/resources/limits': missing property 'memory'"],
    ["--set=engineImages.hazelcast=hazelcast/hazelcast:5.7.0", "at '/engineImages/hazelcast'"],
    ["--set=extraEnv[0].name=NODE_OPTIONS", "at '/extraEnv/0/name'"],
    ["--set-json=metrics.clients=[{}]", "at '/metrics/clients/0': minProperties: got 0, want 1"],
    ["--set=podMonitor.enable=true", "at '/podMonitor': additional properties 'enable' not allowed"],
    ["--set=networkPolicy.egress.apiServerCIDRs={all}", "at '/networkPolicy/egress/apiServerCIDRs/0'"],
  ])("%s", async (value, message) => {
    expect(await refusalOf(repository, value)).toContain(message);
  });

  test("and an image that is not named", async () => {
    expect(await refusalOf()).toContain("image.repository is empty: set it to the repository that you pushed");
  });
});
