import type { JetCluster } from "../../src/api/jet-cluster.ts";
import { annotation } from "../../src/api/names.ts";
import { condition, type TestedCluster } from "./jet-clusters.ts";

/** What the API server said at one moment. */
export interface Sample {
  /** When its reads began. */
  readonly at: number;
  readonly ready: string | undefined;
  /** Addresses behind the client Service, ready or not. Read before `formed`. */
  readonly endpoints: readonly string[];
  /** The operator has recorded a view of full size. */
  readonly formed: boolean;
  /** Pods of the cluster: uid, whether it says Ready, and whether it runs. */
  readonly pods: readonly {
    readonly name: string;
    readonly uid: string;
    readonly ready: boolean;
    readonly address: string | undefined;
  }[];
}

/** What the members said at one moment. */
interface ViewSample {
  /** When they were asked. */
  readonly at: number;
  /** Every one of the pods has a member whose view is all pods and nothing else. */
  readonly whole: boolean;
}

interface Samples {
  readonly status: readonly Sample[];
  readonly views: readonly ViewSample[];
}

export interface Sampler {
  /** Ends the sampling. @returns all samples in order. @throws what a read of the API server failed with. */
  stop(): Promise<Samples>;
}

const everyMillis = 500;

/**
 * Reads a cluster of `size` members every half second until it is stopped, and asks its members themselves beside it: one
 * that is gone does not answer at once.
 */
export function sample(cluster: TestedCluster, size: number): Sampler {
  const samples = { status: [] as Sample[], views: [] as ViewSample[] };
  let stopped = false;
  const repeat = async (step: (at: number) => Promise<void>): Promise<void> => {
    while (!stopped) {
      const at = Date.now();
      await step(at);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, at + everyMillis - Date.now())));
    }
  };
  const running = Promise.all([
    repeat(async (at) => void samples.status.push(await takeSample(cluster, at))),
    repeat(async (at) => void samples.views.push({ at, whole: await isWhole(cluster, size) })),
  ]);
  running.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await running;
      return samples;
    },
  };
}

async function takeSample(cluster: TestedCluster, at: number): Promise<Sample> {
  const endpoints = await endpointsOf(cluster);
  const [jetCluster, pods, formed] = await Promise.all([
    cluster.api.request("GET", cluster.path) as Promise<JetCluster>,
    cluster.pods(),
    isFormed(cluster),
  ]);
  return {
    at,
    ready: condition(jetCluster, "Ready")?.status,
    endpoints,
    formed,
    pods: pods.map((pod) => ({
      name: pod.metadata.name,
      uid: pod.metadata.uid,
      ready: pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
      address: pod.status.podIP,
    })),
  };
}

async function endpointsOf({ api, namespace, name }: TestedCluster): Promise<string[]> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`;
  const { items } = (await api.request("GET", path)) as {
    items: readonly { readonly endpoints?: readonly { readonly addresses: readonly string[] }[] | null }[];
  };
  return items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => [...addresses]));
}

async function isFormed({ api, at, name }: TestedCluster): Promise<boolean> {
  const set = (await api.request("GET", at("apps/statefulsets", name)).catch(() => undefined)) as
    | { metadata: { annotations?: Record<string, string> } }
    | undefined;
  const ledger = set?.metadata.annotations?.[annotation.ledger];
  return ledger !== undefined && (JSON.parse(ledger) as { formedSize?: number }).formedSize !== undefined;
}

const answerMillis = 3_000;

async function isWhole(cluster: TestedCluster, size: number): Promise<boolean> {
  const pods = await cluster.pods();
  const hosts = pods.map((pod) => pod.status.podIP ?? "").sort();
  if (pods.length !== size || hosts.includes("")) return false;
  const views = await Promise.all(pods.map((pod) => soon(cluster.view(pod.metadata.name))));
  return views.every((view) => view?.hosts.join() === hosts.join());
}

/** The API server's proxy waits long for a pod that has gone. */
function soon<T>(answer: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), answerMillis).unref());
  return Promise.race([answer.catch(() => undefined), late]);
}
