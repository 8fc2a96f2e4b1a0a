import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { addresses, type NodePlan } from "./paths.ts";
import { run, succeeds } from "./run.ts";

const ip = (...args: string[]) => run(["ip", ...args]);
const inside = (node: NodePlan, ...args: string[]) => run(["ip", "-n", node.id, ...args]);

/** The node's own network: a link to this machine, none to anywhere else. No default route exists in it. */
export async function makeNetwork(node: NodePlan): Promise<void> {
  if (!existsSync(`/run/netns/${node.id}`)) await ip("netns", "add", node.id);
  await inside(node, "link", "set", "lo", "up");
  if (node.index === 1) await linkToHost(node);
  else await linkToFirst(node);
  await sysctls(node);
}

async function linkToHost(node: NodePlan): Promise<void> {
  if (!(await succeeds(["ip", "link", "show", "jet0"]))) {
    await ip("link", "add", "jet0", "type", "veth", "peer", "name", "jet1", "netns", node.id);
  }
  await ip("addr", "replace", `${addresses.host}/30`, "dev", "jet0");
  await ip("link", "set", "jet0", "up");
  await inside(node, "addr", "replace", `${node.address}/30`, "dev", "jet1");
  await inside(node, "link", "set", "jet1", "up");
  // A connect to a service address needs some route, or it fails before kube-proxy can rewrite it.
  await inside(node, "route", "replace", addresses.services, "dev", "jet1", "src", node.address);
  for (const range of [addresses.services, addresses.pods]) {
    await ip("route", "replace", range, "via", node.address);
    // Guard: with the cluster down nothing addressed to it may leave by the machine's default route.
    await ip("route", "replace", "unreachable", range, "metric", "4000");
  }
}

async function linkToFirst(node: NodePlan): Promise<void> {
  const first = ["ip", "-n", "jet"];
  if (!(await succeeds([...first, "link", "show", "jetA"]))) {
    await run([...first, "link", "add", "jetA", "type", "veth", "peer", "name", "jetB", "netns", node.id]);
  }
  await run([...first, "addr", "replace", `${addresses.between}/30`, "dev", "jetA"]);
  await run([...first, "link", "set", "jetA", "up"]);
  await inside(node, "addr", "replace", `${node.address}/30`, "dev", "jetB");
  await inside(node, "link", "set", "jetB", "up");
  await run([...first, "route", "replace", node.podRange, "via", node.address]);
  await inside(node, "route", "replace", "10.89.0.0/30", "via", addresses.between);
  await inside(node, "route", "replace", "10.244.0.0/24", "via", addresses.between);
  await inside(node, "route", "replace", addresses.services, "dev", "jetB", "src", node.address);
  await ip("route", "replace", "10.89.0.4/30", "via", addresses.master);
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

export async function removeNetwork(node: NodePlan): Promise<void> {
  if (node.index === 1) {
    for (const range of [addresses.services, addresses.pods]) {
      await succeeds(["ip", "route", "del", range, "via", node.address]);
      await succeeds(["ip", "route", "del", "unreachable", range, "metric", "4000"]);
    }
    await succeeds(["ip", "link", "del", "jet0"]);
  } else {
    await succeeds(["ip", "route", "del", "10.89.0.4/30", "via", addresses.master]);
    await succeeds(["ip", "-n", "jet", "link", "del", "jetA"]);
  }
  if (existsSync(`/run/netns/${node.id}`)) await ip("netns", "del", node.id);
  await run(["rm", "-rf", `/etc/netns/${node.id}`]);
}
