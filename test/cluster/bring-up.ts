import { Resolver } from "node:dns/promises";
import { rmSync, statSync } from "node:fs";
import { ensureImage } from "../images/images.ts";
import { applyAddons } from "./addons.ts";
import { ensureBinaries, type Progress } from "./binaries.ts";
import { makeCertificates } from "./certificates.ts";
import { claimNames, machineRestarted } from "./claim.ts";
import { componentsOf, startComponents, type Waiting, waitFor } from "./components.ts";
import { writeControlPlaneFiles } from "./control-plane.ts";
import { enter, makeCgroups, mountsAreComplete, nodeProcesses, startHolder } from "./holder.ts";
import { connect, type KubeApi } from "./kube-watch.ts";
import { hasNetwork, makeNetwork } from "./network.ts";
import { writeNodeFiles } from "./node.ts";
import { importImageInto } from "./node-images.ts";
import { addresses, adminKubeconfig, type NodePlan, nodePlans, stateDirectory } from "./paths.ts";
import { ensurePackages, requirePrerequisites } from "./prerequisites.ts";
import { run } from "./run.ts";
import { clearAway } from "./tear-down.ts";
import { className } from "./volumes.ts";

const [firstNode] = nodePlans;

/** Starts what does not run yet. @throws Error naming what is missing on this machine, or what did not start. */
export async function bringUp(nodes: readonly NodePlan[], progress: Progress): Promise<void> {
  await requirePrerequisites();
  await ensurePackages(progress);
  await ensureBinaries(["kubernetes", "coredns"], progress);
  const pause = await ensureImage("pause", progress);
  await claimNames();
  await clearRemains(progress);
  await makeCertificates();
  writeControlPlaneFiles();
  for (const node of nodes) writeNodeFiles(node);
  await makeBase(firstNode);
  const api = await startApi(progress);
  for (const node of nodes) await startNode(node, pause.tar, api, progress);
  await forgetOtherNodes(nodes, api);
  await waitForServices(api, progress);
}

/** A node of the last time that is not wanted now: without its object its pods move to the others. */
async function forgetOtherNodes(nodes: readonly NodePlan[], api: KubeApi): Promise<void> {
  const { items } = (await api.request("GET", "/api/v1/nodes")) as { items: { metadata: { name: string } }[] };
  for (const { metadata } of items) {
    if (!nodes.some(({ name }) => name === metadata.name))
      await api.request("DELETE", `/api/v1/nodes/${metadata.name}`);
  }
}

/** After an unclean end: what is left of the last run goes, unless all of it can still be used. */
async function clearRemains(progress: Progress): Promise<void> {
  if (machineRestarted()) {
    progress("the machine was restarted while the cluster ran: starting from nothing");
    await clearAway(progress);
    rmSync(stateDirectory, { recursive: true, force: true });
    return;
  }
  for (const node of nodePlans) {
    const processes = nodeProcesses(node);
    if (await baseIsWhole(node)) continue;
    if (processes.names().length === 0 && !(await hasNetwork(node))) continue;
    progress(`${node.name} ended uncleanly: clearing what is left of it`);
    await clearAway(progress);
    return;
  }
}

/** True when the holder is complete and lives in the network namespace that the name leads to. */
async function baseIsWhole(node: NodePlan): Promise<boolean> {
  const holder = nodeProcesses(node).running("holder");
  if (!holder || !mountsAreComplete(holder) || !(await hasNetwork(node))) return false;
  return statSync(`/proc/${holder.pid}/ns/net`).ino === statSync(`/run/netns/${node.id}`).ino;
}

async function makeBase(node: NodePlan): Promise<void> {
  await makeNetwork(node);
  makeCgroups(node);
  await startHolder(node);
}

async function startApi(progress: Progress): Promise<KubeApi> {
  const isNew = !nodeProcesses(firstNode).running("kube-apiserver");
  if (isNew) progress("starting etcd, the API server and containerd");
  startComponents(firstNode, ["etcd", "kube-apiserver", "containerd"]);
  const api = connect(adminKubeconfig);
  await waitFor(
    { what: "the API server", node: firstNode, components: ["etcd", "kube-apiserver"], progress },
    async () => ((await api.request("GET", "/readyz")) === "ok" ? true : undefined),
  );
  if (isNew) progress("the API server answers; starting the rest");
  await applyAddons(api);
  startComponents(firstNode, ["kube-controller-manager", "kube-scheduler", "coredns", "provisioner"]);
  return api;
}

async function startNode(node: NodePlan, pauseTar: string, api: KubeApi, progress: Progress): Promise<void> {
  if (node.index === 2) await makeBase(node);
  startComponents(node, ["containerd"]);
  const holder = nodeProcesses(node).running("holder");
  if (!holder) throw new Error(`${node.name} has no holder process`);
  await waitFor({ what: "containerd", node, components: ["containerd"], progress }, () =>
    run(enter(holder, "/usr/bin/ctr", "version")),
  );
  await importImageInto(node, pauseTar);
  const began = nodeProcesses(node).running("kubelet") ? 0 : Date.now();
  startComponents(node, componentsOf(node));
  const waiting: Waiting = { what: `node ${node.name} to be Ready`, node, components: componentsOf(node), progress };
  await waitFor(waiting, () => nodeReady(api, node, began));
  if (began > 0) progress(`node ${node.name} is Ready`);
}

interface NodeObject {
  readonly status: { readonly conditions?: readonly { type: string; status: string; lastHeartbeatTime: string }[] };
}

/** Ready as the kubelet reported it after `sinceMillis`: an older report may be from before the last end. */
async function nodeReady(api: KubeApi, node: NodePlan, sinceMillis: number): Promise<true | undefined> {
  const { status } = (await api.request("GET", `/api/v1/nodes/${node.name}`)) as NodeObject;
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  // The API's times have no fractions of a second.
  const isNew = ready !== undefined && Date.parse(ready.lastHeartbeatTime) >= sinceMillis - 1_000;
  return isNew && ready.status === "True" ? true : undefined;
}

/** What pods need beside a node: cluster DNS, storage, and the account of the namespace `default`. */
async function waitForServices(api: KubeApi, progress: Progress): Promise<void> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([addresses.master]);
  const wait = (what: string, probe: () => Promise<unknown>) =>
    waitFor({ what, node: firstNode, components: componentsOf(firstNode), progress }, probe);
  await wait("cluster DNS", () => resolver.resolve4("kubernetes.default.svc.cluster.local"));
  await wait("storage", () => api.request("GET", `/apis/storage.k8s.io/v1/storageclasses/${className}`));
  await wait("service accounts", () => api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default"));
}
