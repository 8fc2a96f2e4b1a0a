import type { V1NetworkPolicy, V1NetworkPolicyPeer, V1NetworkPolicyPort } from "@kubernetes/client-node";
import { childNames, label, port } from "../../api/names.ts";
import { archives, type DesiredContext } from "./context.ts";
import { childMetadata, selectorLabels } from "./metadata.ts";

/** The client's own type calls `from` `_from`, which only its serializer would undo; what we send is raw JSON. */
interface IngressRule {
  readonly ports: readonly V1NetworkPolicyPort[];
  readonly from: readonly V1NetworkPolicyPeer[];
}

export interface NetworkPolicy extends Pick<V1NetworkPolicy, "apiVersion" | "kind" | "metadata"> {
  readonly spec: {
    readonly podSelector: NonNullable<V1NetworkPolicyPeer["podSelector"]>;
    readonly policyTypes: readonly string[];
    readonly ingress: readonly IngressRule[];
  };
}

/** Set by Kubernetes on every namespace. */
const namespaceName = "kubernetes.io/metadata.name";

/**
 * Who may connect to members. Needed, not an extra: whoever reaches 5701 can shut the cluster down, because the engine
 * asks for nothing but the cluster's name. Ingress only: a job connects to whatever its author wants.
 */
export function networkPolicy(context: DesiredContext): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: childMetadata(context, childNames(context.cluster.metadata.name).networkPolicy),
    spec: {
      podSelector: { matchLabels: selectorLabels(context) },
      policyTypes: ["Ingress"],
      ingress: [memberRule(context), ...metricsRules(context)],
    },
  };
}

/** Who may ask the pods that save and restore how far they are: the operator. The kubelet's probes need no rule. */
export function archivePolicy(context: DesiredContext): NetworkPolicy {
  const { name } = context.cluster.metadata;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: childMetadata(context, childNames(name).archivePolicy),
    spec: {
      podSelector: { matchLabels: { [label.archiveOf]: name } },
      policyTypes: ["Ingress"],
      ingress: [{ ports: [{ protocol: "TCP", port: port.archiveHealth }], from: [operatorPods(context)] }],
    },
  };
}

function memberRule(context: DesiredContext): IngressRule {
  const members = { podSelector: { matchLabels: selectorLabels(context) } };
  const archive = { podSelector: { matchLabels: { [label.archiveOf]: context.cluster.metadata.name } } };
  return {
    ports: [{ protocol: "TCP", port: port.member }],
    from: [
      members,
      operatorPods(context),
      ...(archives(context) ? [archive] : []),
      ...(context.gate === "open" ? clients(context) : []),
    ],
  };
}

function operatorPods({ operator }: DesiredContext): V1NetworkPolicyPeer {
  return {
    namespaceSelector: { matchLabels: { [namespaceName]: operator.namespace } },
    podSelector: { matchLabels: { ...operator.podLabels } },
  };
}

/** The schema refuses an entry without any selector; if one came through all the same, it must not mean everybody. */
function clients({ cluster }: DesiredContext): V1NetworkPolicyPeer[] {
  return cluster.spec.network.clients
    .filter(({ podSelector, namespaceSelector }) => podSelector || namespaceSelector)
    .map(({ podSelector, namespaceSelector }) => JSON.parse(JSON.stringify({ podSelector, namespaceSelector })));
}

/** No rule when nobody may: an empty list of peers would mean everybody. */
function metricsRules({ cluster, metricsClients }: DesiredContext): IngressRule[] {
  if (metricsClients.length === 0) return [];
  return [{ ports: [{ protocol: "TCP", port: cluster.spec.monitoring.engineMetricsPort }], from: metricsClients }];
}
