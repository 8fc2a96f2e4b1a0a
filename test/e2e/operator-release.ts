import { clusterHost } from "../cluster/cluster.ts";
import { chart, helm } from "../cluster/helm.ts";
import { ApiError, connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage } from "../images/images.ts";
import { type Manifest, objectsIn } from "../unit/chart/manifests.ts";
import { type RunningOperator, runningOperator } from "./running-operator.ts";

export interface ReleaseOptions {
  /** Of the release and, with an ending of its own, of its namespace. */
  readonly name: string;
  /** Namespaces that the operator looks after; they are made, and like its own enforce Pod Security restricted. Empty: all. */
  readonly watches: readonly string[];
  /** Further arguments of Helm, such as `--set=log.level=debug`. */
  readonly values?: readonly string[];
}

/** The operator as a user has it: the image made from the sources, installed by the real Helm. */
export interface Release extends RunningOperator {
  /** The operator's own namespace. */
  readonly namespace: string;
  /** The operator as the API server's audit log names it. */
  readonly user: string;
  /** What Helm renders with these values, of which the API server here may not know all kinds. */
  rendered(values?: readonly string[]): Promise<Manifest[]>;
  /** With these values beside those of the installation, and no others. Waits until the new Deployment is rolled out and leads. */
  upgrade(values: readonly string[]): Promise<void>;
  uninstall(): Promise<void>;
  /** Removes the release and every namespace that was made for it. */
  end(): Promise<void>;
}

/**
 * Answers when the operator leads. An earlier release of the name goes first: a run that was killed may have left one,
 * and Helm refuses every upgrade of a release whose own upgrade was killed.
 * @throws Error with what Helm said, and the operator's log, when it is not rolled out in 5 minutes.
 */
export async function installOperator({ name, watches, values = [] }: ReleaseOptions): Promise<Release> {
  const { reference, tar } = await ensureImage("operator", console.log);
  await clusterHost.importImage(tar);
  const namespace = `${name}-system`;
  for (const each of [namespace, ...watches]) await restrictedNamespace(each);
  await updateDefinitions();
  const scope =
    watches.length === 0 ? [] : [`--set=scope.namespaces={${watches.join(",")}}`, "--set=rbac.aggregate=false"];
  const settings = [`--set=fullnameOverride=${name}`, ...imageSettings(reference), ...scope];
  const run = (command: readonly string[], extra: readonly string[] = []) =>
    helm([...command, `--namespace=${namespace}`, ...extra], clusterHost.kubeconfigPath);
  const operator = runningOperator(connect(clusterHost.kubeconfigPath), namespace, name);
  const uninstall = async () => {
    await run(["uninstall", name, "--ignore-not-found", "--wait"]);
  };
  const roll = async (command: string, more: readonly string[]) => {
    try {
      await run([command, name, chart], [...settings, ...more, "--wait", "--timeout=5m"]);
      await operator.leads();
    } catch (error) {
      throw new Error(`helm ${command} ${name}: ${String(error)}\n${await operator.log()}`, { cause: error });
    }
  };
  await uninstall();
  await roll("install", values);
  return {
    ...operator,
    ...{ namespace, user: `system:serviceaccount:${namespace}:${name}`, uninstall },
    async rendered(more = []) {
      const all = [...settings, ...values, ...more, "--kube-version=1.34.4"];
      return objectsIn(await run(["template", name, chart], all));
    },
    upgrade: (more) => roll("upgrade", [...values, ...more]),
    async end() {
      for (const each of watches) await removeClusters(each);
      await uninstall();
      for (const each of [namespace, ...watches]) await removeNamespace(each);
    },
  };
}

function imageSettings(reference: string): string[] {
  const colon = reference.lastIndexOf(":");
  return [
    `--set=image.repository=${reference.slice(0, colon)}`,
    `--set-string=image.tag=${reference.slice(colon + 1)}`,
  ];
}

/** Helm installs custom resource definitions but never updates them; the cluster may have those of an earlier run. */
export async function updateDefinitions(): Promise<void> {
  const known = await clusterHost.kubectl(["get", "crd", "-o", "name"]);
  if (!known.includes("jetclusters.jet-operator.io")) return;
  await clusterHost.kubectl(["apply", "--server-side", "--force-conflicts", "-f", `${chart}/crds`]);
}

/** A namespace that admits no pod that is not `restricted`. Does nothing when it is there. */
export async function restrictedNamespace(name: string): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await connect(clusterHost.kubeconfigPath).request(
    "PATCH",
    `/api/v1/namespaces/${name}?fieldManager=test&force=true`,
    { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
    "application/apply-patch+yaml",
  );
}

/** The namespace with all JetClusters in it, also where no operator runs any more that could let them go. */
export async function removeWithClusters(namespace: string): Promise<void> {
  await removeClusters(namespace);
  await removeNamespace(namespace);
}

/** Without waiting for a graceful stop: the test is over. */
async function removeClusters(namespace: string): Promise<void> {
  const api = connect(clusterHost.kubeconfigPath);
  const path = `/apis/jet-operator.io/v1beta1/namespaces/${namespace}/jetclusters`;
  const { items } = (await api.request("GET", path)) as { items: { metadata: { name: string } }[] };
  for (const { metadata } of items) {
    await api.request("DELETE", `${path}/${metadata.name}`);
    const body = { metadata: { finalizers: null } };
    await ifThere(api.request("PATCH", `${path}/${metadata.name}`, body, "application/merge-patch+json"));
  }
}

async function removeNamespace(name: string): Promise<void> {
  const api = connect(clusterHost.kubeconfigPath);
  const path = `/api/v1/namespaces/${name}`;
  if (!(await ifThere(api.request("DELETE", path)))) return;
  await killPods(api, path);
  const gone = async () => ((await ifThere(api.request("GET", path))) ? undefined : true);
  await until(`namespace ${name} to be gone`, gone, { timeoutMillis: 300_000, everyMillis: 1_000 });
}

/** Nobody needs what the members would hand over to each other before they go. */
async function killPods(api: KubeApi, namespacePath: string): Promise<void> {
  const { items } = (await api.request("GET", `${namespacePath}/pods`)) as { items: { metadata: { name: string } }[] };
  for (const { metadata } of items) {
    await ifThere(api.request("DELETE", `${namespacePath}/pods/${metadata.name}?gracePeriodSeconds=1`));
  }
}

/** False when there is nothing of that name. */
async function ifThere(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
