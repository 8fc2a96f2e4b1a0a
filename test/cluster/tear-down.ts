import type { Progress } from "./binaries.ts";
import { namesAreOurs, releaseNames } from "./claim.ts";
import { nodeProcesses, removeCgroups } from "./holder.ts";
import { removeNetwork } from "./network.ts";
import { type NodePlan, nodePlans, nodeState } from "./paths.ts";
import { killMarked } from "./processes.ts";

/** Ends all that runs of this cluster and removes what it has on the machine, but not its state. Nothing else is touched. */
export async function tearDown(progress: Progress): Promise<void> {
  const ours = namesAreOurs();
  await clearAway(progress);
  if (ours) releaseNames();
}

/** As `tearDown`, but the machine-wide names stay claimed: the cluster is about to start anew. */
export async function clearAway(progress: Progress): Promise<void> {
  const ours = namesAreOurs();
  for (const node of [...nodePlans].reverse()) await endNode(node, ours, progress);
  if (!ours) return;
  for (const node of [...nodePlans].reverse()) await removeNetwork(node);
}

/** In this order nothing that ends is started again by what still runs. */
const stages: readonly (readonly string[])[] = [
  ["kubelet", "kube-proxy", "network-policies", "provisioner", "coredns", "kube-scheduler", "kube-controller-manager"],
  ["containerd", "kube-apiserver"],
  ["etcd"],
  ["holder"],
];

async function endNode(node: NodePlan, ours: boolean, progress: Progress): Promise<void> {
  const processes = nodeProcesses(node);
  if (processes.running("holder")) progress(`stopping ${node.name}`);
  const [first = [], ...others] = stages;
  await Promise.all(first.map((name) => processes.stop(name)));
  if (ours) await removeCgroups(node);
  for (const names of others) await Promise.all(names.map((name) => processes.stop(name)));
  // A kubelet that was in no record may have started pods meanwhile.
  await killMarked(nodeState(node));
  if (ours) await removeCgroups(node);
}
