import { randomBytes } from "node:crypto";
import { clusterHost } from "../cluster/cluster.ts";
import { ApiError, connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage } from "../images/images.ts";

/** What a test's pod is beside a busybox; its name and grace period of one second apart all is optional. */
interface BusyboxPod {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** For `sh -c`. Default: sleep. */
  readonly script?: string;
  /** Claim that is mounted at /data. */
  readonly claim?: string;
  readonly node?: string;
  readonly graceSeconds?: number;
}

/** A namespace for one test file, with what the file does in it. */
export interface PodNamespace {
  readonly name: string;
  readonly api: KubeApi;
  /** Path of a collection of the core API in this namespace. */
  path(plural: string): string;
  create(pod: BusyboxPod): Promise<void>;
  /** Waits until the pod is Ready. @returns its address. */
  ready(pod: string): Promise<string>;
  /** Creates and waits. @returns the pod's address. */
  run(pod: BusyboxPod): Promise<string>;
  /** A volume claim of class `standard`. */
  claim(name: string): Promise<void>;
  /** Runs a shell script in the pod. @returns its output, with standard error. @throws CommandFailed. */
  shell(pod: string, script: string): Promise<string>;
  /** Deletes the pod and waits until it is gone. */
  remove(pod: string): Promise<void>;
  apply(objects: readonly object[]): Promise<void>;
  /** Removes the namespace and waits until all in it is gone. */
  end(): Promise<void>;
}

const aMinute = { timeoutMillis: 120_000, everyMillis: 200 };

/** @throws Error when the cluster is down. */
export async function podNamespace(prefix: string): Promise<PodNamespace> {
  const { reference, tar } = await ensureImage("busybox", console.log);
  await clusterHost.importImage(tar);
  const api = connect(clusterHost.kubeconfigPath);
  const name = `${prefix}-${randomBytes(3).toString("hex")}`;
  await api.request("POST", "/api/v1/namespaces", { metadata: { name } });
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await until("the namespace's service account", () => api.request("GET", account), aMinute);
  const path = (plural: string) => `/api/v1/namespaces/${name}/${plural}`;
  const create = async (pod: BusyboxPod) => {
    await api.request("POST", path("pods"), manifest(pod, reference));
  };
  const ready = (pod: string) =>
    until(`pod ${pod} to be ready`, () => readyAddress(api, `${path("pods")}/${pod}`), aMinute);
  return {
    ...{ name, api, path, create, ready },
    async run(pod) {
      await create(pod);
      return ready(pod.name);
    },
    async claim(claim) {
      const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
      await api.request("POST", path("persistentvolumeclaims"), { metadata: { name: claim }, spec });
    },
    shell: (pod, script) => clusterHost.kubectl(["-n", name, "exec", pod, "--", "sh", "-c", `exec 2>&1; ${script}`]),
    remove: (pod) => removeAndWait(api, `${path("pods")}/${pod}`),
    async apply(objects) {
      const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
      await clusterHost.kubectl(["-n", name, "apply", "-f", "-"], { input });
    },
    end: () => removeAndWait(api, `/api/v1/namespaces/${name}`),
  };
}

function manifest({ name, labels = {}, script, claim, node, graceSeconds = 1 }: BusyboxPod, image: string) {
  return {
    metadata: { name, labels: { app: name, ...labels } },
    spec: {
      terminationGracePeriodSeconds: graceSeconds,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001 },
      ...(node !== undefined && { nodeSelector: { "kubernetes.io/hostname": node } }),
      containers: [
        {
          name: "busybox",
          image,
          command: ["sh", "-c", script ?? "exec sleep 100000"],
          volumeMounts: claim === undefined ? [] : [{ name: "data", mountPath: "/data" }],
        },
      ],
      volumes: claim === undefined ? [] : [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

async function readyAddress(api: KubeApi, path: string): Promise<string | undefined> {
  const { status } = (await api.request("GET", path)) as {
    status: { podIP?: string; conditions?: { type: string; status: string }[] };
  };
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  return ready ? status.podIP : undefined;
}

async function removeAndWait(api: KubeApi, path: string): Promise<void> {
  const missing = async (answer: Promise<unknown>) => {
    try {
      await answer;
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return true;
      throw error;
    }
  };
  if (await missing(api.request("DELETE", path))) return;
  await until(`${path} to be gone`, () => missing(api.request("GET", path)), aMinute);
}
