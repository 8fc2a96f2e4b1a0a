import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import { loadConfig } from "../../../src/config.ts";
import { archiveJob } from "../../../src/core/desired/archive-job.ts";
import { undisruptiveChildren } from "../../../src/core/desired/children.ts";
import type { DesiredContext } from "../../../src/core/desired/context.ts";
import { podTemplate } from "../../../src/core/desired/pod-template.ts";
import type { NetworkPolicy, Pod } from "../../cluster/network-policy-rules.ts";
import type { Labels } from "../../cluster/selectors.ts";
import { type Manifest, ofKind } from "../chart/manifests.ts";
import { desiredContext } from "../core/desired/desired-fixture.ts";
import { connects, type Party, type World } from "./evaluator.ts";

/**
 * One installed operator, and a cluster `orders` in `shop` whose policy comes from what this operator was told by its
 * own arguments: chart → configuration → policy, nothing of it made up here.
 */
export interface Installation {
  readonly world: World;
  readonly parties: Readonly<Record<string, Party>>;
}

const namespaces: Record<string, Labels> = Object.fromEntries(
  ["jet-operator", "shop", "bank", "monitoring", "kube-system"].map((name) => [
    name,
    { "kubernetes.io/metadata.name": name },
  ]),
);

export const clients = [{ podSelector: { matchLabels: { role: "client" } } }];

export function installation(
  rendered: readonly Manifest[],
  cluster: Parameters<typeof desiredContext>[0],
): Installation {
  const deployment = ofKind(rendered, "Deployment")[0] as unknown as V1Deployment;
  const { template } = deployment.spec ?? {};
  const config = loadConfig(template?.spec?.containers[0]?.args ?? [], {
    JET_OPERATOR_POD_NAME: "operator",
    JET_OPERATOR_POD_NAMESPACE: deployment.metadata?.namespace,
  });
  const context = desiredContext({
    ...cluster,
    operator: { namespace: config.pod.namespace, podLabels: config.pod.labels },
    metricsClients: config.metricsClients,
  });
  const own = ofKind(rendered, "NetworkPolicy") as unknown as NetworkPolicy[];
  return { world: { policies: [...own, ...policiesOf(context)], namespaces }, parties: partiesOf(context, deployment) };
}

const policiesOf = (context: DesiredContext) =>
  undisruptiveChildren(context, undefined).flatMap(({ resource, object }) =>
    resource === "networkPolicies" ? [object as unknown as NetworkPolicy] : [],
  );

function partiesOf(context: DesiredContext, deployment: V1Deployment): Record<string, Party> {
  const member = podTemplate(context);
  const saving = archiveJob(context, {
    does: "save",
    nonce: "0123456789abcdef",
    size: 1,
    members: ["10.244.0.1"],
    clusterName: "orders",
  }).spec;
  const operator = deployment.spec?.template;
  const namespace = deployment.metadata?.namespace ?? "";
  const others: readonly (readonly [name: string, namespace: string, labels: Labels])[] = [
    ["other cluster", "shop", { ...member.metadata?.labels, "jet-operator.io/cluster": "invoices" }],
    ["client", "shop", { role: "client" }],
    ["client elsewhere", "bank", { role: "client" }],
    ["prometheus", "monitoring", { "app.kubernetes.io/name": "prometheus" }],
    ["grafana beside it", "monitoring", { "app.kubernetes.io/name": "grafana" }],
    ["neighbour of the operator", namespace, { app: "other" }],
    ["stranger", "shop", { app: "web" }],
    ["DNS", "kube-system", { "k8s-app": "kube-dns" }],
  ];
  return {
    member: pod("10.244.0.1", "shop", member.metadata?.labels, member.spec),
    operator: pod("10.244.0.2", namespace, operator?.metadata?.labels, operator?.spec),
    "archive pod": pod("10.244.1.1", "shop", saving?.template.metadata?.labels, saving?.template.spec),
    ...Object.fromEntries(others.map(([name, where, labels], i) => [name, pod(`10.244.0.${i + 3}`, where, labels)])),
    outside: { address: "192.0.2.7" },
    "API server": { address: "10.0.0.1" },
  };
}

function pod(address: string, namespace: string, labels: Labels = {}, spec?: V1PodSpec): Party {
  return {
    pod: {
      metadata: { name: address, namespace, uid: address, resourceVersion: "1", labels: { ...labels } },
      spec: (spec ?? { containers: [] }) as Pod["spec"],
      status: { phase: "Running", podIP: address },
    },
  };
}

/** Names of those that reach `port` of the party `to`. */
export function reaching({ world, parties }: Installation, to: string, port: number): string[] {
  const target = parties[to];
  if (!target) throw new RangeError(`no party is called ${to}`);
  return Object.keys(parties).filter((name) => connects(world, parties[name] as Party, target, port));
}
