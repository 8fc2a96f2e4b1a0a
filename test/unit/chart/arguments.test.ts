import type { V1Deployment } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { ofKind, readManifests } from "./manifests.ts";

describe.each(["install", "install-namespaced"] as const)("the operator of manifests/%s.yaml", (file) => {
  const deployment = ofKind(readManifests(file), "Deployment")[0] as unknown as V1Deployment;
  const template = deployment.spec!.template;
  const container = template.spec!.containers[0]!;

  /** Variables with what the kubelet would put there. */
  const environment = Object.fromEntries(
    (container.env ?? []).map(({ name, value, valueFrom }) => {
      const field = valueFrom?.fieldRef?.fieldPath;
      if (field === "metadata.name") return [name, "jet-operator-6d5f7c9b8-x2x4z"];
      if (field === "metadata.namespace") return [name, deployment.metadata?.namespace];
      return [name, value];
    }),
  );
  const config = loadConfig(container.args ?? [], environment);

  test("understands every argument that the chart gives", () => {
    expect(config.watchNamespaces).toEqual(file === "install" ? [] : ["jet-operator"]);
    expect(config.leaderElection).toMatchObject({ name: "jet-operator", namespace: "jet-operator" });
    expect(config.kubeconfig).toBeUndefined();
  });

  test("knows the labels that its own pods have", () => {
    expect(template.metadata?.labels).toMatchObject(config.pod.labels);
    expect(deployment.spec?.selector.matchLabels).toEqual(config.pod.labels);
  });

  test("listens where Service and probes look", () => {
    const ports = Object.fromEntries((container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
    expect(ports).toEqual({ metrics: config.metrics.port, health: config.health.port });
  });
});
