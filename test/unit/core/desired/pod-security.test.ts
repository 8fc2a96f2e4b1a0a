import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { podTemplate } from "../../../../src/core/desired/pod-template.ts";
import { childrenObjects, everyFlavour } from "./desired-fixture.ts";

type Rule = (pod: V1PodSpec, container: V1Container) => unknown;

/** Volume types that Pod Security "restricted" admits. */
const volumeTypes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** Each says what is wrong, or nothing. Kubernetes' Pod Security "restricted", then what kube-linter checks by default. */
const rules: Record<string, Rule> = {
  "host namespaces are not shared": ({ hostNetwork, hostPID, hostIPC }) => hostNetwork || hostPID || hostIPC,
  "host ports are not taken": (_, { ports }) => ports?.some(({ hostPort }) => hostPort !== undefined),
  "containers are not privileged": (_, { securityContext }) => securityContext?.privileged,
  "privileges cannot be gained": (_, { securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  "all capabilities are dropped, none added": (_, { securityContext }) =>
    !securityContext?.capabilities?.drop?.includes("ALL") || securityContext.capabilities.add,
  "it runs as non-root": ({ securityContext }, container) =>
    securityContext?.runAsNonRoot !== true || container.securityContext?.runAsNonRoot === false,
  "the user is a number other than 0": ({ securityContext }, container) =>
    !(container.securityContext?.runAsUser ?? securityContext?.runAsUser),
  "system calls are filtered": ({ securityContext }) => securityContext?.seccompProfile?.type !== "RuntimeDefault",
  "sysctls are left alone": ({ securityContext }) => securityContext?.sysctls,
  "volumes are of admitted types": ({ volumes }) =>
    volumes?.some((volume) => !Object.keys(volume).every((key) => key === "name" || volumeTypes.includes(key))),
  "the root file system is read-only": (_, { securityContext }) => securityContext?.readOnlyRootFilesystem !== true,
  "no token of a service account is mounted": ({ automountServiceAccountToken }) =>
    automountServiceAccountToken !== false,
  "the service account is its own": ({ serviceAccountName }) => !serviceAccountName || serviceAccountName === "default",
  "Services are not put into the environment": ({ enableServiceLinks }) => enableServiceLinks !== false,
  "the image has a tag or digest, not latest": (_, { image }) =>
    !/(:(?!latest)[^/:@]+|@sha256:[0-9a-f]{64})$/.test(image ?? ""),
  "liveness and readiness are probed": (_, { livenessProbe, readinessProbe }) => !livenessProbe || !readinessProbe,
  "no secret is written out in the environment": (_, { env }) =>
    env?.some(({ name, value }) => /licen[cs]e|password|secret|token/i.test(name) && value !== undefined),
  "every mounted volume exists or is claimed": ({ volumes }, { volumeMounts }) =>
    volumeMounts?.some(({ name }) => name !== "data" && !volumes?.some((volume) => volume.name === name)),
  "port names are unique and probes use them": (_, { ports, livenessProbe }) =>
    new Set(ports?.map(({ name }) => name)).size !== ports?.length ||
    !ports?.some(({ name }) => name === livenessProbe?.httpGet?.port),
};

describe.each(everyFlavour)("a pod of %s is restricted:", (_, context) => {
  const pod = podTemplate(context).spec;
  test.each(Object.entries(rules))("%s", (_name, wrong) => {
    expect(pod?.containers).toHaveLength(1);
    for (const container of pod?.containers ?? []) expect(wrong(pod as V1PodSpec, container)).toBeFalsy();
  });
});

describe.each(everyFlavour)("what goes with a pod of %s:", (_, context) => {
  const find = (kind: string) =>
    childrenObjects(context).find((object) => object.kind === kind) as Record<string, never>;

  test("a network policy isolates it", () => {
    expect(find("NetworkPolicy")["spec"]).toMatchObject({
      podSelector: { matchLabels: { "jet-operator.io/cluster": "orders" } },
    });
  });

  test("a disruption budget covers it and says what happens to unhealthy pods", () => {
    expect(find("PodDisruptionBudget")["spec"]).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });
  });

  test("no child is a Role, a binding or a Secret", () => {
    const kinds = childrenObjects(context).map(({ kind }) => kind);
    expect(kinds.filter((kind) => /Role|Secret/.test(kind ?? ""))).toEqual([]);
  });
});
