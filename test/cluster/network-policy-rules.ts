import type { KubeObject } from "./kube-watch.ts";
import { type LabelSelector, selects } from "./selectors.ts";

export const tableName = "netpol";

export interface Pod extends KubeObject {
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly { readonly name?: string; readonly ports?: readonly ContainerPort[] }[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface PolicyPort {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
  };
}

export interface PolicyWorld {
  readonly policies: readonly NetworkPolicy[];
  readonly pods: readonly Pod[];
  readonly namespaces: readonly KubeObject[];
  /** Where the cluster's DNS answers: a process on the node, counted as the pod that it is in other clusters. */
  readonly dnsAddress: string;
}

/** A pod, or the DNS server, as far as the rules care. */
interface Endpoint {
  readonly address: string;
  readonly namespace: string;
  readonly pod: Pod;
  /** The only port that counts; the rest of the node is not the DNS pod. */
  readonly onlyPort?: number;
}

type Direction = "ingress" | "egress";

interface Cluster {
  readonly endpoints: readonly Endpoint[];
  readonly namespaces: readonly KubeObject[];
}

/**
 * The ruleset for `nft -f -` that replaces the table in one transaction; without an isolated pod it only removes it.
 * Both hooks judge each packet of a connection's original direction, so a new policy also ends open connections.
 */
export function rulesetFor(world: PolicyWorld): string {
  const cluster = { endpoints: endpointsOf(world), namespaces: world.namespaces };
  const chains: string[] = [];
  const isolated: Record<Direction, string[]> = { ingress: [], egress: [] };
  for (const endpoint of cluster.endpoints.filter(({ onlyPort }) => onlyPort === undefined)) {
    for (const direction of ["ingress", "egress"] as const) {
      const policies = world.policies.filter((policy) => isolates(policy, endpoint, direction));
      if (policies.length === 0) continue;
      const chain = `${direction}_${endpoint.address.replaceAll(".", "_")}`;
      isolated[direction].push(`${endpoint.address} : jump ${chain}`);
      chains.push(chainOf(chain, endpoint, direction, policies, cluster));
    }
  }
  const removal = `table ip ${tableName}\ndelete table ip ${tableName}\n`;
  if (chains.length === 0) return removal;
  return `${removal}table ip ${tableName} {\n${chains.join("")}${judge(isolated)}${hook("forward")}${hook("input")}}\n`;
}

/** Connections from the node leave by the output hook, which nothing judges: probes, logs, exec and port-forward work. */
const hook = (name: string) => `  chain on_${name} {
    type filter hook ${name} priority -5; policy accept;
    ct direction reply return
    jump judge
  }
`;

function judge({ ingress, egress }: Record<Direction, string[]>): string {
  const lines = [
    ...(egress.length > 0 ? [`ip saddr vmap { ${egress.join(", ")} }`] : []),
    ...(ingress.length > 0 ? [`ip daddr vmap { ${ingress.join(", ")} }`] : []),
  ];
  return `  chain judge {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n`;
}

function endpointsOf({ pods, dnsAddress }: PolicyWorld): Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const pod of pods) {
    const address = pod.status?.podIP;
    const over = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
    if (!address || over || pod.spec.hostNetwork) continue;
    byAddress.set(address, { address, namespace: pod.metadata.namespace ?? "", pod });
  }
  const dns: Pod = {
    metadata: { name: "dns", uid: "dns", resourceVersion: "0", labels: { "k8s-app": "kube-dns" } },
    spec: {
      containers: [
        {
          ports: [
            { name: "dns", containerPort: 53, protocol: "UDP" },
            { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
          ],
        },
      ],
    },
  };
  return [...byAddress.values(), { address: dnsAddress, namespace: "kube-system", pod: dns, onlyPort: 53 }];
}

function isolates({ metadata, spec }: NetworkPolicy, endpoint: Endpoint, direction: Direction): boolean {
  const types = spec.policyTypes ?? (spec.egress ? ["Ingress", "Egress"] : ["Ingress"]);
  const judged = types.includes(direction === "ingress" ? "Ingress" : "Egress");
  const here = metadata.namespace === endpoint.namespace;
  return judged && here && selects(spec.podSelector ?? {}, endpoint.pod.metadata.labels);
}

function chainOf(
  name: string,
  subject: Endpoint,
  direction: Direction,
  policies: readonly NetworkPolicy[],
  cluster: Cluster,
): string {
  const other = direction === "ingress" ? "ip saddr" : "ip daddr";
  const rules = policies.flatMap((policy) => [
    `# ${policy.metadata.namespace}/${policy.metadata.name}`,
    ...allowed(policy, direction).flatMap(({ peers, ports }) => {
      if (!peers || peers.length === 0) return portMatches(ports, subject.pod).map((port) => `${port} return`);
      return peers.flatMap((peer) => peerRules(peer, ports, { policy, subject, direction, cluster }));
    }),
  ]);
  // A pod may always talk to itself, also through a Service.
  const lines = [`${other} ${subject.address} return`, ...rules, "drop"];
  return `  chain ${name} {\n${lines.map((line) => `    ${line.trim()}\n`).join("")}  }\n`;
}

function allowed({ spec }: NetworkPolicy, direction: Direction) {
  if (direction === "ingress")
    return (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports: some(ports) }));
  return (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports: some(ports) }));
}

/** In a policy an empty list of ports means every port; here only undefined does. */
const some = (ports: readonly PolicyPort[] = []) => (ports.length > 0 ? ports : undefined);

interface Context {
  readonly policy: NetworkPolicy;
  readonly subject: Endpoint;
  readonly direction: Direction;
  readonly cluster: Cluster;
}

function peerRules(peer: Peer, ports: readonly PolicyPort[] | undefined, context: Context): string[] {
  const { direction, subject } = context;
  const other = direction === "ingress" ? "ip saddr" : "ip daddr";
  if (peer.ipBlock) {
    const { cidr, except = [] } = peer.ipBlock;
    if (cidr.includes(":")) return [];
    const without = except.length > 0 ? ` ${other} != { ${except.join(", ")} }` : "";
    const target = direction === "ingress" ? subject.pod : undefined;
    return portMatches(ports, target).map((port) => `${other} ${cidr}${without} ${port} return`);
  }
  const peers = context.cluster.endpoints.filter((endpoint) => isPeer(peer, endpoint, context));
  if (direction === "ingress") {
    const sources = peers.filter(({ onlyPort }) => onlyPort === undefined).map(({ address }) => address);
    if (sources.length === 0) return [];
    return portMatches(ports, subject.pod).map((port) => `${other} { ${sources.join(", ")} } ${port} return`);
  }
  // Named ports are the receiving pod's: each peer has its own numbers.
  return peers.flatMap((endpoint) =>
    portMatches(within(ports, endpoint), endpoint.pod).map((port) => `${other} ${endpoint.address} ${port} return`),
  );
}

function isPeer(peer: Peer, endpoint: Endpoint, { policy, cluster }: Context): boolean {
  if (!selects(peer.podSelector ?? {}, endpoint.pod.metadata.labels)) return false;
  if (!peer.namespaceSelector) return endpoint.namespace === policy.metadata.namespace;
  const namespace = cluster.namespaces.find(({ metadata }) => metadata.name === endpoint.namespace);
  return namespace !== undefined && selects(peer.namespaceSelector, namespace.metadata.labels);
}

/** What a rule's ports leave when the endpoint has only one that counts. */
function within(ports: readonly PolicyPort[] | undefined, { onlyPort }: Endpoint): readonly PolicyPort[] | undefined {
  if (onlyPort === undefined) return ports;
  if (!ports) return ["TCP", "UDP"].map((protocol) => ({ protocol, port: onlyPort }));
  return ports.flatMap((each) => {
    if (typeof each.port === "string") return [each];
    const { protocol = "TCP", port = 0, endPort = each.port === undefined ? 65_535 : port } = each;
    return port <= onlyPort && onlyPort <= endPort ? [{ protocol, port: onlyPort }] : [];
  });
}

/** One nft match for each port; a single empty one when every port is meant. A name that `target` lacks matches nothing. */
function portMatches(ports: readonly PolicyPort[] | undefined, target: Pod | undefined): string[] {
  if (!ports) return [""];
  return ports.flatMap(({ protocol = "TCP", port, endPort }) => {
    const transport = protocol.toLowerCase();
    if (port === undefined) return [`meta l4proto ${transport}`];
    if (typeof port === "number") return [`${transport} dport ${port}${endPort === undefined ? "" : `-${endPort}`}`];
    const named = target?.spec.containers
      .flatMap((container) => container.ports ?? [])
      .find((each) => each.name === port && (each.protocol ?? "TCP") === protocol);
    return named ? [`${transport} dport ${named.containerPort}`] : [];
  });
}
