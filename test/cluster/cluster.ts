import { rmSync } from "node:fs";
import { resolve } from "node:path";
import type { Progress } from "./binaries.ts";
import { bringUp } from "./bring-up.ts";
import { componentsOf } from "./components.ts";
import { binary } from "./control-plane.ts";
import { enter, nodeProcesses } from "./holder.ts";
import { withLock } from "./lock.ts";
import { importImageInto } from "./node-images.ts";
import { adminKubeconfig, clusterId, type NodePlan, nodePlans, stateDirectory } from "./paths.ts";
import { run } from "./run.ts";
import { tearDown } from "./tear-down.ts";

export interface UpOptions {
  /** Default 1. A second node that already runs stays. */
  readonly nodes?: 1 | 2;
}

const lockName = `${clusterId}-cluster`;

/** Brings the cluster up, or what of it does not run; its state of the last time is kept. Under a second when it is up. */
export async function up(options: UpOptions, progress: Progress): Promise<void> {
  await withLock(lockName, async () => {
    const wanted = options.nodes === 2 || secondNodeIsWanted() ? nodePlans : nodePlans.slice(0, 1);
    await bringUp(wanted, progress);
  });
}

/** A node that was up when the cluster ended uncleanly comes back with it. */
const secondNodeIsWanted = () => nodeProcesses(nodePlans[1]).names().length > 0;

export interface DownOptions {
  /** Also removes the state: certificates, etcd, volumes, imported images. */
  readonly purge?: boolean;
}

/** Ends the cluster and removes everything that it put on this machine outside its state directory. */
export async function down(options: DownOptions, progress: Progress): Promise<void> {
  await withLock(lockName, async () => {
    await tearDown(progress);
    if (options.purge) rmSync(stateDirectory, { recursive: true, force: true });
  });
}

export interface ComponentStatus {
  readonly node: string;
  readonly component: string;
  readonly pid: number | undefined;
}

/** What should run and whether it does; the second node is listed only when it was started. */
export function status(): ComponentStatus[] {
  const nodes = nodePlans.filter(({ index }) => index === 1 || secondNodeIsWanted());
  return nodes.flatMap((node) =>
    ["holder", ...componentsOf(node)].map((component) => ({
      node: node.name,
      component,
      pid: nodeProcesses(node).running(component)?.pid,
    })),
  );
}

const runningNodes = () => nodePlans.filter((node) => nodeProcesses(node).running("holder"));

/** The cluster, for tests; the functions fail with an Error while it is down. */
export const clusterHost = {
  kubeconfigPath: adminKubeconfig,

  /** Makes the image in this file known to every node, under the name that it carries. */
  async importImage(tar: string): Promise<void> {
    const nodes = runningNodes();
    if (nodes.length === 0) throw new Error("the cluster is down: no image can be imported");
    for (const node of nodes) await importImageInto(node, resolve(tar));
  },

  /** Runs the cluster's own kubectl as its administrator. @returns its output. @throws CommandFailed. */
  kubectl(
    args: readonly string[],
    options: { readonly input?: string; readonly timeoutMillis?: number } = {},
  ): Promise<string> {
    return run([binary("kubectl"), "--kubeconfig", adminKubeconfig, ...args], options);
  },

  /** The command line that runs a program in a node's namespaces: its addresses, its mounts. Paths must be absolute. */
  enter(argv: readonly string[], node: NodePlan = nodePlans[0]): string[] {
    const holder = nodeProcesses(node).running("holder");
    if (!holder) throw new Error(`${node.name} does not run`);
    return enter(holder, ...argv);
  },
} as const;
