import type { Condition, JetCluster, JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { apiVersion, group, kind, label, version } from "../../src/api/names.ts";
import { clusterHost } from "../cluster/cluster.ts";
import { ApiError, connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { type MemberView, viewOf } from "./member-views.ts";

interface MemberPod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** One JetCluster in the throw-away cluster, as a test handles it. */
export interface TestedCluster {
  readonly name: string;
  readonly namespace: string;
  readonly api: KubeApi;
  /** Path of the JetCluster. */
  readonly path: string;
  /** Path of an object beside it: `at("services", "orders")`, `at("apps/statefulsets", "orders")`. */
  at(collection: string, name: string): string;
  /** `kubectl apply` of these fields of the spec, as a user would. @throws CommandFailed with the refusal. */
  apply(spec: JetClusterSpecInput): Promise<void>;
  /** kubectl in its namespace. @throws CommandFailed. */
  kubectl(...args: readonly string[]): Promise<string>;
  read(): Promise<JetCluster>;
  pods(): Promise<MemberPod[]>;
  /** What the member in this pod sees. @throws when it does not answer. */
  view(pod: string): Promise<MemberView>;
  /** Waits until status says Ready=True for the spec as it is now, with this many members. */
  ready(members: number, timeoutMillis?: number): Promise<JetCluster>;
  waitFor(what: string, holds: (cluster: JetCluster) => boolean, timeoutMillis?: number): Promise<JetCluster>;
  /** Deletes the JetCluster and waits until it, its StatefulSet and its pods are gone. */
  remove(timeoutMillis?: number): Promise<void>;
}

/** JVMs of three members that start at once on a busy machine of two cores. */
export const startMillis = 480_000;

/** Does not make anything yet. */
export function testedCluster(namespace: string, name: string): TestedCluster {
  const api = connect(clusterHost.kubeconfigPath);
  const path = `/apis/${group}/${version}/namespaces/${namespace}/jetclusters/${name}`;
  const read = async () => (await api.request("GET", path)) as JetCluster;
  const kubectl = (...args: readonly string[]) => clusterHost.kubectl(["-n", namespace, ...args]);
  const at = (collection: string, object: string) => objectPath(namespace, collection, object);
  const pods = () => podsOf(api, namespace, name);
  const waitFor: TestedCluster["waitFor"] = (what, holds, timeoutMillis = startMillis) =>
    waitForStatus(`${namespace}/${name}: ${what}`, read, holds, timeoutMillis);
  return {
    ...{ name, namespace, api, path, at, kubectl, read, pods, waitFor },
    async apply(spec) {
      const input = JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec });
      await clusterHost.kubectl(["apply", "-f", "-"], { input });
    },
    view: (pod) => viewOf(api, namespace, pod),
    ready: (members, timeoutMillis) =>
      waitFor(`Ready with ${members} members`, (cluster) => isReady(cluster, members), timeoutMillis),
    async remove(timeoutMillis = 300_000) {
      await kubectl("delete", "jetcluster", name, "--ignore-not-found", "--wait=false");
      const gone = async () =>
        (await isGone(api, path)) && (await isGone(api, at("apps/statefulsets", name))) && (await pods()).length === 0
          ? true
          : undefined;
      await until(`${namespace}/${name} to be gone`, gone, { timeoutMillis, everyMillis: 1_000 });
    },
  };
}

/** True when the object does not exist. */
export async function isGone(api: KubeApi, path: string): Promise<boolean> {
  try {
    await api.request("GET", path);
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return true;
    throw error;
  }
}

export function condition(cluster: JetCluster, type: string): Condition | undefined {
  return cluster.status?.conditions?.find((each) => each.type === type);
}

function isReady(cluster: JetCluster, members: number): boolean {
  const said = condition(cluster, "Ready");
  return (
    said?.status === "True" &&
    said.observedGeneration === cluster.metadata.generation &&
    cluster.status?.readyMembers === members &&
    cluster.status.members?.length === members
  );
}

/** The error says what status said last: that is what a user would have. */
async function waitForStatus(
  what: string,
  read: () => Promise<JetCluster>,
  holds: (cluster: JetCluster) => boolean,
  timeoutMillis: number,
): Promise<JetCluster> {
  let last: JetCluster | undefined;
  const probe = async () => {
    last = await read();
    return holds(last) ? last : undefined;
  };
  try {
    return await until(what, probe, { timeoutMillis, everyMillis: 500 });
  } catch (error) {
    throw new Error(`${what}; status is ${JSON.stringify(last?.status, undefined, 1)}`, { cause: error });
  }
}

async function podsOf(api: KubeApi, namespace: string, name: string): Promise<MemberPod[]> {
  const selector = encodeURIComponent(`${label.cluster}=${name}`);
  const list = await api.request("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  return [...(list as { items: MemberPod[] }).items].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

const groups: Readonly<Record<string, string>> = {
  apps: "apps/v1",
  policy: "policy/v1",
  "networking.k8s.io": "networking.k8s.io/v1",
};

function objectPath(namespace: string, collection: string, name: string): string {
  const [first = "", plural] = collection.split("/");
  if (plural === undefined) return `/api/v1/namespaces/${namespace}/${first}/${name}`;
  return `/apis/${groups[first] ?? first}/namespaces/${namespace}/${plural}/${name}`;
}
