import type { V1Deployment, V1NetworkPolicy } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { type Manifest, ofKind, type Rule, readManifests } from "./manifests.ts";

const installations = [
  ["cluster-wide", readManifests("install")],
  ["namespaced", readManifests("install-namespaced")],
] as const;

const deploymentOf = (objects: readonly Manifest[]) => ofKind(objects, "Deployment")[0] as unknown as V1Deployment;

/** Rules of the operator itself: those for people carry an aggregation label. */
function operatorRules(objects: readonly Manifest[]): Rule[] {
  return objects
    .filter(({ kind }) => kind === "Role" || kind === "ClusterRole")
    .filter(({ metadata }) => !Object.keys(metadata.labels ?? {}).some((key) => key.includes("aggregate-to")))
    .flatMap(({ rules = [] }) => rules);
}

const verbsOn = (rules: readonly Rule[], resource: string) =>
  rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs);

describe.each(installations)("rights of the %s operator", (_, objects) => {
  const rules = operatorRules(objects);

  test("name every group, resource and verb", () => {
    const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
    expect(words.filter((word) => word.includes("*"))).toEqual([]);
    expect(rules.length).toBeGreaterThan(5);
  });

  test("hold nothing that reads secrets, runs programs, or gives rights", () => {
    const forbidden = [
      "secrets",
      "pods/exec",
      "pods/attach",
      "pods/portforward",
      "pods/ephemeralcontainers",
      "serviceaccounts/token",
      "nodes",
      "nodes/proxy",
      "roles",
      "rolebindings",
      "clusterroles",
      "clusterrolebindings",
      "customresourcedefinitions",
      "mutatingwebhookconfigurations",
      "validatingwebhookconfigurations",
    ];
    expect(rules.flatMap(({ resources }) => resources).filter((name) => forbidden.includes(name))).toEqual([]);
    const verbs = rules.flatMap((rule) => rule.verbs);
    expect(verbs.filter((verb) => ["escalate", "bind", "impersonate", "deletecollection"].includes(verb))).toEqual([]);
  });

  test.each(["statefulsets", "persistentvolumeclaims", "jetclusters", "services", "configmaps"])(
    "cannot delete %s",
    (resource) => {
      const verbs = verbsOn(rules, resource);
      expect(verbs).toContain("watch");
      expect(verbs).not.toContain("delete");
    },
  );

  test("create no pods but by the Job that saves and restores, and delete no claim", () => {
    expect(verbsOn(rules, "pods")).not.toContain("create");
    expect(verbsOn(rules, "jobs")).toEqual(["get", "list", "watch", "create", "delete"]);
    expect(verbsOn(rules, "persistentvolumeclaims")).not.toContain("delete");
  });

  test("reach only the one Lease", () => {
    const leases = rules.filter(({ resources }) => resources.includes("leases"));
    expect(leases.filter(({ resourceNames }) => resourceNames === undefined).map(({ verbs }) => verbs)).toEqual([
      ["create"],
    ]);
    const [name] = leases.flatMap(({ resourceNames = [] }) => resourceNames);
    const { args = [] } = deploymentOf(objects).spec?.template.spec?.containers[0] ?? {};
    expect(args).toContain(`--leader-election-name=${name}`);
  });
});

test("an operator for named namespaces has no right outside of them", () => {
  const objects = readManifests("install-namespaced");
  expect(objects.filter(({ kind }) => kind.startsWith("ClusterRole"))).toEqual([]);
  const places = ofKind(objects, "RoleBinding").map(({ metadata }) => metadata.namespace);
  expect(new Set(places)).toEqual(new Set(["jet-operator"]));
});

describe.each(installations)("the pod of the %s operator", (_, objects) => {
  const pod = deploymentOf(objects).spec!.template.spec!;
  const container = pod.containers[0]!;

  test("is what Pod Security calls restricted, with a read-only root", () => {
    expect(pod.containers).toHaveLength(1);
    expect(pod.initContainers).toBeUndefined();
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(pod.securityContext?.runAsUser).toBeGreaterThan(999);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect([pod.hostNetwork, pod.hostPID, pod.hostIPC, pod.hostUsers]).toEqual(Array(4).fill(undefined));
    expect(pod.volumes ?? []).toEqual([]);
    expect(container.ports?.every(({ hostPort }) => hostPort === undefined)).toBe(true);
  });

  test("lives in a namespace that enforces it", () => {
    const [namespace] = ofKind(objects, "Namespace");
    expect(namespace?.metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    expect(deploymentOf(objects).metadata?.namespace).toBe(namespace?.metadata.name);
  });

  test("asks for resources and is bounded, with the heap well below the memory limit", () => {
    expect(container.resources?.requests).toHaveProperty("cpu");
    const { memory = "" } = container.resources?.limits ?? {};
    const limit = Number(/^(\d+)Mi$/.exec(memory)?.[1]);
    const options = container.env?.find(({ name }) => name === "NODE_OPTIONS")?.value ?? "";
    const heap = Number(/^--max-old-space-size=(\d+)$/.exec(options)?.[1]);
    expect(heap / limit).toBeGreaterThan(0.5);
    expect(heap / limit).toBeLessThan(0.65);
  });

  test("runs a named version of its image and holds no secret", () => {
    expect(container.image).toMatch(/:\d+\.\d+\.\d+$/);
    expect(JSON.stringify(container.env)).not.toMatch(/secretKeyRef/);
    expect(pod.enableServiceLinks).toBe(false);
  });

  test("is probed on the port that serves nothing else", () => {
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      expect(probe?.httpGet?.port).toBe("health");
      expect(probe?.timeoutSeconds).toBeGreaterThanOrEqual(5);
    }
    expect(container.livenessProbe?.httpGet?.path).toBe("/healthz");
    expect(container.readinessProbe?.httpGet?.path).toBe("/readyz");
  });

  test("is reached by declared clients on the metrics port only", () => {
    const [policy] = ofKind(objects, "NetworkPolicy") as unknown as V1NetworkPolicy[];
    expect(policy?.spec?.podSelector?.matchLabels).toEqual(deploymentOf(objects).spec?.selector.matchLabels);
    expect(policy?.spec?.policyTypes).toEqual(["Ingress"]);
    expect(policy?.spec?.ingress?.map(({ ports }) => ports)).toEqual([[{ port: "metrics", protocol: "TCP" }]]);
  });
});

test("what people may do with JetClusters joins the roles that Kubernetes has for them", () => {
  const roles = ofKind(readManifests("install"), "ClusterRole");
  const labelled = (key: string) =>
    roles.filter(({ metadata }) => metadata.labels?.[`rbac.authorization.k8s.io/aggregate-to-${key}`] === "true");
  const viewing = labelled("view").flatMap(({ rules = [] }) => rules.flatMap(({ verbs }) => verbs));
  expect(new Set(viewing)).toEqual(new Set(["get", "list", "watch"]));
  expect(labelled("edit")).toEqual(labelled("admin"));
  const editing = labelled("edit").flatMap(({ rules = [] }) => rules);
  expect(verbsOn(editing, "jetclusters/scale")).toEqual(["update", "patch"]);
  expect(verbsOn(editing, "jetclusters/status")).toEqual([]);
});
