import type { NetworkPolicy, Peer, Pod, PolicyPort } from "../../cluster/network-policy-rules.ts";
import { type Labels, selects } from "../../cluster/selectors.ts";

/** Who talks, or is talked to: a pod, or an address outside of the pods' network. */
export type Party = { readonly pod: Pod } | { readonly address: string };

export interface World {
  readonly policies: readonly NetworkPolicy[];
  /** Labels of the namespaces by name. */
  readonly namespaces: Readonly<Record<string, Labels>>;
}

/**
 * Whether NetworkPolicies let `from` open a TCP connection to `to`, as the API reference has it: a pod that no policy
 * selects for a direction is free in it; otherwise one rule of one such policy must allow the connection.
 */
export function connects(world: World, from: Party, to: Party, port: number): boolean {
  return allowed(world, "Egress", from, to, to, port) && allowed(world, "Ingress", to, from, to, port);
}

/** @param target the side whose container ports a named port means. */
function allowed(
  world: World,
  direction: "Ingress" | "Egress",
  subject: Party,
  other: Party,
  target: Party,
  port: number,
): boolean {
  if (!("pod" in subject)) return true;
  const policies = world.policies.filter((policy) => isolates(policy, subject.pod, direction));
  if (policies.length === 0) return true;
  return policies.some((policy) =>
    rulesOf(policy, direction).some(
      ({ peers, ports }) => matchesPeer(world, policy, peers, other) && matchesPort(ports, target, port),
    ),
  );
}

function isolates({ metadata, spec }: NetworkPolicy, pod: Pod, direction: "Ingress" | "Egress"): boolean {
  const types = spec.policyTypes ?? (spec.egress ? ["Ingress", "Egress"] : ["Ingress"]);
  const here = metadata.namespace === pod.metadata.namespace;
  return here && types.includes(direction) && selects(spec.podSelector ?? {}, pod.metadata.labels);
}

function rulesOf({ spec }: NetworkPolicy, direction: "Ingress" | "Egress") {
  if (direction === "Ingress") return (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }));
  return (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
}

/** No peers, absent or empty, means everybody. */
function matchesPeer(world: World, policy: NetworkPolicy, peers: readonly Peer[] = [], other: Party): boolean {
  return peers.length === 0 || peers.some((peer) => isPeer(world, policy, peer, other));
}

function isPeer(world: World, policy: NetworkPolicy, peer: Peer, other: Party): boolean {
  if (peer.ipBlock) return inBlock(peer.ipBlock, "pod" in other ? (other.pod.status?.podIP ?? "") : other.address);
  if (!("pod" in other)) return false;
  const { namespace = "", labels } = other.pod.metadata;
  if (!selects(peer.podSelector ?? {}, labels)) return false;
  if (!peer.namespaceSelector) return namespace === policy.metadata.namespace;
  return selects(peer.namespaceSelector, world.namespaces[namespace]);
}

/** No ports, absent or empty, means every port. */
function matchesPort(ports: readonly PolicyPort[] = [], target: Party, port: number): boolean {
  return ports.length === 0 || ports.some((allowedPort) => isPort(allowedPort, target, port));
}

function isPort({ protocol = "TCP", port, endPort }: PolicyPort, target: Party, wanted: number): boolean {
  if (protocol !== "TCP") return false;
  if (port === undefined) return true;
  if (typeof port === "number") return port <= wanted && wanted <= (endPort ?? port);
  const containers = "pod" in target ? target.pod.spec.containers : [];
  return containers.some((container) =>
    (container.ports ?? []).some(({ name, containerPort }) => name === port && containerPort === wanted),
  );
}

function inBlock({ cidr, except = [] }: NonNullable<Peer["ipBlock"]>, address: string): boolean {
  return within(cidr, address) && !except.some((block) => within(block, address));
}

function within(cidr: string, address: string): boolean {
  const [base = "", length = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(length));
  return Math.floor(numberOf(base) / size) === Math.floor(numberOf(address) / size);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
