import { homedir } from "node:os";
import { join } from "node:path";

const { JET_CLUSTER: chosenName = "a", XDG_CACHE_HOME: cacheHome = "" } = process.env;

/** Everything that is built or kept between runs lies here; `XDG_CACHE_HOME` moves it. */
export const cacheDirectory = join(cacheHome || join(homedir(), ".cache"), "jet-operator");
export const binaryDirectory = join(cacheDirectory, "bin");

/** What keeps two clusters on one machine apart: names of namespaces, links and cgroups, state, and addresses. */
interface Instance {
  readonly id: string;
  readonly state: string;
  /** First three bytes of the addresses of the nodes. */
  readonly nodes: string;
  /** First two bytes of the addresses of the pods, and of the services. */
  readonly pods: string;
  readonly services: string;
}

/** The end-to-end tests run in `a` and `c`; those that damage or end a cluster have `b` and `d` for it. */
const instances: Readonly<Record<string, Instance>> = {
  a: { id: "jet", state: "cluster", nodes: "10.89.0", pods: "10.244", services: "10.96" },
  b: { id: "jetb", state: "cluster-b", nodes: "10.90.0", pods: "10.245", services: "10.97" },
  c: { id: "jetc", state: "cluster-c", nodes: "10.91.0", pods: "10.246", services: "10.98" },
  d: { id: "jetd", state: "cluster-d", nodes: "10.92.0", pods: "10.247", services: "10.99" },
};

function chosenInstance(): Instance {
  const chosen = instances[chosenName];
  if (!chosen) throw new Error(`JET_CLUSTER is "${chosenName}"; accepted are ${Object.keys(instances).join(", ")}`);
  return chosen;
}

const instance = chosenInstance();

/** Prefix of all machine-wide names of this cluster; also the first node's network namespace. */
export const clusterId = instance.id;

/** State of the throw-away cluster: certificates, etcd, images, logs, process records. */
export const stateDirectory = join(cacheDirectory, instance.state);
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

const firstNode: NodePlan = {
  index: 1,
  name: `${instance.id}-node`,
  id: instance.id,
  address: `${instance.nodes}.2`,
  podRange: `${instance.pods}.0.0/24`,
  zone: "a",
};

const secondNode: NodePlan = {
  index: 2,
  name: `${instance.id}-node2`,
  id: `${instance.id}2`,
  address: `${instance.nodes}.6`,
  podRange: `${instance.pods}.1.0/24`,
  zone: "b",
};

export const nodePlans: readonly [NodePlan, NodePlan] = [firstNode, secondNode];

export const addresses = {
  /** This machine's end of the link to the first node. */
  host: `${instance.nodes}.1`,
  master: firstNode.address,
  hostLink: `${instance.nodes}.0/30`,
  /** Link between the two nodes: first node's end. */
  between: `${instance.nodes}.5`,
  nodeLink: `${instance.nodes}.4/30`,
  services: `${instance.services}.0.0/16`,
  apiService: `${instance.services}.0.1`,
  pods: `${instance.pods}.0.0/16`,
  nodes: `${instance.nodes}.0/24`,
} as const;

export const apiServer = `https://${addresses.master}:6443`;

export const nodeState = (node: NodePlan) => join(stateDirectory, node.id);
