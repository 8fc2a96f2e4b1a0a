import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { addresses, clusterId, type NodePlan, nodePlans } from "./paths.ts";
import { run, succeeds } from "./run.ts";

/** Ends of the two links: this machine to the first node, and the first node to the second. */
const links = { host: `${clusterId}0`, node: `${clusterId}1`, first: `${clusterId}A`, second: `${clusterId}B` };
/** The first node's end. */
export const linkBetweenNodes = links.first;
const firstNode = nodePlans[0];

const ip = (...args: string[]) => run(["ip", ...args]);
const inside = (node: NodePlan, ...args: string[]) => run(["ip", "-n", node.id, ...args]);
const namespaceFile = (node: NodePlan) => `/run/netns/${node.id}`;

/** The node's own network: a link to this machine, none to anywhere else. No default route exists in it. */
export async function makeNetwork(node: NodePlan): Promise<void> {
  if (!(await hasNetwork(node))) {
    // After a restart of the machine the name may be left, as an empty file.
    rmSync(namespaceFile(node), { force: true });
    await ip("netns", "add", node.id);
  }
  await inside(node, "link", "set", "lo", "up");
  if (node.index === 1) await linkToHost(node);
  else await linkToFirst(node);
  await sysctls(node);
}

/** True when the namespace exists and can be entered. */
export async function hasNetwork(node: NodePlan): Promise<boolean> {
  return existsSync(namespaceFile(node)) && (await succeeds(["ip", "-n", node.id, "link", "show", "lo"]));
}

async function linkToHost(node: NodePlan): Promise<void> {
  if (!(await succeeds(["ip", "link", "show", links.host]))) {
    await ip("link", "add", links.host, "type", "veth", "peer", "name", links.node, "netns", node.id);
  }
  await ip("addr", "replace", `${addresses.host}/30`, "dev", links.host);
  await ip("link", "set", links.host, "up");
  await inside(node, "addr", "replace", `${node.address}/30`, "dev", links.node);
  await inside(node, "link", "set", links.node, "up");
  // A connect to a service address needs some route, or it fails before kube-proxy can rewrite it.
  await inside(node, "route", "replace", addresses.services, "dev", links.node, "src", node.address);
  for (const range of [addresses.services, addresses.pods, addresses.nodeLink]) {
    await ip("route", "replace", range, "via", node.address);
  }
  // Guard: while parts of the cluster are down nothing addressed to it may leave by the machine's default route.
  for (const range of guarded) await ip("route", "replace", "unreachable", range, "metric", "4000");
}

const guarded = [addresses.services, addresses.pods, addresses.nodes];

async function linkToFirst(node: NodePlan): Promise<void> {
  if (!(await succeeds(["ip", "-n", firstNode.id, "link", "show", links.first]))) {
    await inside(firstNode, "link", "add", links.first, "type", "veth", "peer", "name", links.second, "netns", node.id);
  }
  await inside(firstNode, "addr", "replace", `${addresses.between}/30`, "dev", links.first);
  await inside(firstNode, "link", "set", links.first, "up");
  await inside(node, "addr", "replace", `${node.address}/30`, "dev", links.second);
  await inside(node, "link", "set", links.second, "up");
  await inside(firstNode, "route", "replace", node.podRange, "via", node.address);
  for (const range of [addresses.hostLink, firstNode.podRange]) {
    await inside(node, "route", "replace", range, "via", addresses.between);
  }
  await inside(node, "route", "replace", addresses.services, "dev", links.second, "src", node.address);
}

/** Per-namespace settings: forwarding between pods, and bridged packets seen by the policy rules. */
async function sysctls(node: NodePlan): Promise<void> {
  for (const setting of ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"]) {
    await run(["ip", "netns", "exec", node.id, "sh", "-c", `echo 1 > /proc/sys/${setting}`]);
  }
  mkdirSync(`/etc/netns/${node.id}`, { recursive: true });
  writeFileSync(
    `/etc/netns/${node.id}/resolv.conf`,
    `nameserver ${addresses.master}\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n`,
  );
}

/** Removes the namespace with all rules in it, its links, and this machine's routes to it. */
export async function removeNetwork(node: NodePlan): Promise<void> {
  if (node.index === 1) {
    for (const range of guarded) await succeeds(["ip", "route", "del", "unreachable", range, "metric", "4000"]);
    // The other routes go with the link.
    await succeeds(["ip", "link", "del", links.host]);
  } else {
    await succeeds(["ip", "-n", firstNode.id, "link", "del", links.first]);
  }
  if (await hasNetwork(node)) await ip("netns", "del", node.id);
  rmSync(namespaceFile(node), { force: true });
  rmSync(`/etc/netns/${node.id}`, { recursive: true, force: true });
  await succeeds(["rmdir", "/etc/netns"]);
}
