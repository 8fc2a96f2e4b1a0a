import { connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage } from "../images/images.ts";

/** The part of the throw-away cluster that is needed here. */
export interface ClientHost {
  readonly kubeconfigPath: string;
  importImage(tar: string): Promise<void>;
}

export interface ClientPod {
  readonly namespace: string;
  readonly name: string;
  /** What NetworkPolicies know it by. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Absent: no client, only the port probe. */
  readonly engine?: { readonly clusterName: string; readonly address: string };
}

export interface EngineClient {
  /** True from the first connection to the cluster on. */
  connected(): Promise<boolean>;
  waitConnected(timeoutMillis: number): Promise<void>;
  /** The cluster's members as the client sees them. */
  members(): Promise<{ readonly uuid: string; readonly address: string }[]>;
  get(map: string, key: string | number): Promise<unknown>;
  set(map: string, key: string | number, value: string | number): Promise<void>;
  size(map: string): Promise<number>;
  entries(map: string): Promise<[unknown, unknown][]>;
  /** Writes `entries` values of `length` characters that follow from their keys, 0 to entries − 1, and do not compress. */
  fill(map: string, content: MapContent): Promise<void>;
  /** How many of the entries that `fill` has written are missing or have another value. */
  differing(map: string, content: MapContent): Promise<number>;
  /** Whether a TCP connection from this pod is accepted within 2 s. */
  canConnect(host: string, port: number): Promise<boolean>;
  stop(): Promise<void>;
}

interface MapContent {
  readonly entries: number;
  readonly length: number;
}

/** What one question may carry, in characters: it has 30 s. */
const sliceLength = 10_000_000;

function slicesOf({ entries, length }: MapContent) {
  const step = Math.max(1, Math.floor(sliceLength / length));
  return Array.from({ length: Math.ceil(entries / step) }, (_, index) => {
    return { from: index * step, to: Math.min(entries, (index + 1) * step), length };
  });
}

/**
 * Starts the official Node client in a pod, so that Services, DNS and NetworkPolicies are between it and the engine as
 * they are for users; answers when the pod is ready, connected or not. @throws Error when the pod is not ready in 60 s,
 * and from each question that the client could not answer.
 */
export async function startClient(host: ClientHost, pod: ClientPod): Promise<EngineClient> {
  const image = await ensureImage("node-client", () => undefined);
  await host.importImage(image.tar);
  const api = connect(host.kubeconfigPath);
  const path = `/api/v1/namespaces/${pod.namespace}/pods`;
  await api.request("POST", path, podFor(pod, image.reference));
  const address = await until(`client ${pod.name}`, () => readyAddress(api, `${path}/${pod.name}`), {
    timeoutMillis: 60_000,
  });
  return { ...questions(`http://${address}:8000`), stop: () => remove(api, `${path}/${pod.name}`) };
}

function questions(url: string): Omit<EngineClient, "stop"> {
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const answer = await fetch(`${url}/${path}`, { signal: AbortSignal.timeout(30_000), ...init });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`client: ${path}: ${text}`);
    return JSON.parse(text);
  };
  const mapPath = (map: string) => `maps/${encodeURIComponent(map)}`;
  const post = (body: object) => ({ method: "POST", body: JSON.stringify(body) });
  const entry = (map: string, key: string | number) =>
    `${mapPath(map)}/entries/${encodeURIComponent(typeof key === "number" ? `number:${key}` : key)}`;
  const connected = async () => ((await ask("state")) as { connected: boolean }).connected;
  return {
    connected,
    async waitConnected(timeoutMillis) {
      await until("the client to be connected", async () => ((await connected()) ? true : undefined), {
        timeoutMillis,
      });
    },
    members: async () => (await ask("members")) as { uuid: string; address: string }[],
    get: (map, key) => ask(entry(map, key)),
    async set(map, key, value) {
      await ask(entry(map, key), { method: "PUT", body: JSON.stringify(value) });
    },
    size: async (map) => (await ask(`${mapPath(map)}/size`)) as number,
    entries: async (map) => (await ask(mapPath(map))) as [unknown, unknown][],
    async fill(map, content) {
      for (const slice of slicesOf(content)) await ask(`${mapPath(map)}/fill`, post(slice));
    },
    async differing(map, content) {
      let all = 0;
      for (const slice of slicesOf(content)) all += (await ask(`${mapPath(map)}/differing`, post(slice))) as number;
      return all;
    },
    canConnect: async (target, port) =>
      ((await ask(`connect?host=${encodeURIComponent(target)}&port=${port}`)) as { open: boolean }).open,
  };
}

async function readyAddress(api: KubeApi, path: string): Promise<string | undefined> {
  const { status } = (await api.request("GET", path)) as {
    status: { podIP?: string; conditions?: { type: string; status: string }[] };
  };
  return status.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
    ? status.podIP
    : undefined;
}

async function remove(api: KubeApi, path: string): Promise<void> {
  await api.request("DELETE", path).catch(() => undefined);
  const gone = () =>
    api.request("GET", path).then(
      () => undefined,
      () => true,
    );
  await until(`${path} to be gone`, gone, { timeoutMillis: 60_000 });
}

function podFor({ namespace, name, labels = {}, engine }: ClientPod, image: string) {
  const env = engine
    ? [
        { name: "CLUSTER_NAME", value: engine.clusterName },
        { name: "ADDRESS", value: engine.address },
      ]
    : [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 2,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "client",
          image,
          imagePullPolicy: "IfNotPresent",
          env,
          ports: [{ name: "http", containerPort: 8000 }],
          readinessProbe: { httpGet: { path: "/state", port: "http" }, periodSeconds: 1 },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}
