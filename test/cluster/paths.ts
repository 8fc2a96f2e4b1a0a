import { homedir } from "node:os";
import { join } from "node:path";

/** Everything that is built or kept between runs lies here; `XDG_CACHE_HOME` moves it. */
export const cacheDirectory = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "jet-operator");

/** State of the throw-away cluster: certificates, etcd, images, logs, process records. */
export const stateDirectory = join(cacheDirectory, "cluster");
export const binaryDirectory = join(cacheDirectory, "bin");
export const adminKubeconfig = join(stateDirectory, "admin.kubeconfig");
export const auditLog = join(stateDirectory, "audit.log");

/** The first node has no suffix in its names, the second ends in 2. */
export interface NodePlan {
  readonly index: 1 | 2;
  readonly name: string;
  /** Network namespace, cgroup root and prefix of its state. */
  readonly id: string;
  readonly address: string;
  readonly podRange: string;
  readonly zone: string;
}

export const nodePlans: readonly NodePlan[] = [
  { index: 1, name: "jet-node", id: "jet", address: "10.89.0.2", podRange: "10.244.0.0/24", zone: "a" },
  { index: 2, name: "jet-node2", id: "jet2", address: "10.89.0.6", podRange: "10.244.1.0/24", zone: "b" },
];

export const addresses = {
  host: "10.89.0.1",
  master: "10.89.0.2",
  /** Link between the two nodes: first node's end. */
  between: "10.89.0.5",
  services: "10.96.0.0/16",
  apiService: "10.96.0.1",
  pods: "10.244.0.0/16",
  nodes: "10.89.0.0/24",
} as const;

export const nodeState = (node: NodePlan) => join(stateDirectory, node.id);
