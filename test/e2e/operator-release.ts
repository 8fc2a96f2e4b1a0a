import { join } from "node:path";
import { clusterHost } from "../cluster/cluster.ts";
import { chart, helm } from "../cluster/helm.ts";
import { ApiError, connect } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage } from "../images/images.ts";
import { type Manifest, objectsIn } from "../unit/chart/manifests.ts";

export interface ReleaseOptions {
  /** Of the release and, with an ending of its own, of the namespaces. */
  readonly name: string;
  /** Namespaces that the operator looks after; they are made, and like the operator's own enforce Pod Security restricted. */
  readonly watches: readonly string[];
  /** Further arguments of Helm, such as `--set=log.level=debug`. */
  readonly values?: readonly string[];
}

/** The operator as a user has it: the image made from the sources, installed by the real Helm. */
export interface Release {
  /** The operator's own namespace. */
  readonly namespace: string;
  /** What Helm renders with these values, of which the API server here may not know all kinds. */
  rendered(values?: readonly string[]): Promise<Manifest[]>;
  /** Waits until the new Deployment is rolled out. */
  upgrade(values: readonly string[]): Promise<void>;
  uninstall(): Promise<void>;
  log(): Promise<string>;
  /** Removes the release and every namespace that was made for it. */
  end(): Promise<void>;
}

const label = { "pod-security.kubernetes.io/enforce": "restricted" };

/** @throws CommandFailed with what Helm said, and the operator's log, when it is not rolled out in 5 minutes. */
export async function installOperator({ name, watches, values = [] }: ReleaseOptions): Promise<Release> {
  const { reference, tar } = await ensureImage("operator", console.log);
  await clusterHost.importImage(tar);
  const namespace = `${name}-system`;
  for (const each of [namespace, ...watches]) await makeNamespace(each);
  await updateDefinitions();
  const [repository, tag] = reference.split(":");
  const image = [`--set=image.repository=${repository}`, `--set-string=image.tag=${tag}`];
  const scope = `--set=scope.namespaces={${watches.join(",")}}`;
  const run = (command: readonly string[], extra: readonly string[]) =>
    helm([...command, `--namespace=${namespace}`, ...extra], clusterHost.kubeconfigPath);
  const settings = [...image, scope, "--set=rbac.aggregate=false", ...values];
  const log = () => clusterHost.kubectl(["logs", "-n", namespace, `deployment/${name}`, "--tail=200"]).catch(String);
  // An earlier run may have been killed.
  await run(["uninstall", name, "--ignore-not-found", "--wait"], []);
  const roll = async (command: string, more: readonly string[]) => {
    try {
      await run(
        [command, name, chart],
        [`--set=fullnameOverride=${name}`, ...settings, ...more, "--wait", "--timeout=5m"],
      );
    } catch (error) {
      throw new Error(`helm ${command} ${name}: ${String(error)}\n${await log()}`, { cause: error });
    }
  };
  await roll("install", []);
  const uninstall = async () => {
    await run(["uninstall", name, "--ignore-not-found", "--wait"], []);
  };
  return {
    ...{ namespace, log, uninstall },
    async rendered(more = []) {
      const all = [`--set=fullnameOverride=${name}`, ...settings, ...more, "--kube-version=1.34.4"];
      return objectsIn(await run(["template", name, chart], all));
    },
    upgrade: (more) => roll("upgrade", more),
    async end() {
      for (const each of watches) await removeClusters(each);
      await uninstall();
      for (const each of [namespace, ...watches]) await removeNamespace(each);
    },
  };
}

/** Helm makes definitions, but never updates them; the cluster may have those of an earlier run. */
async function updateDefinitions(): Promise<void> {
  const file = join(chart, "crds/jet-operator.io_jetclusters.yaml");
  await clusterHost.kubectl(["apply", "--server-side", "--force-conflicts", "-f", file]);
}

async function makeNamespace(name: string): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: label } };
  await clusterHost.kubectl(["apply", "-f", "-"], { input: JSON.stringify(body) });
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
  const gone = async () => ((await ifThere(api.request("GET", path))) ? undefined : true);
  await until(`namespace ${name} to be gone`, gone, { timeoutMillis: 300_000, everyMillis: 1_000 });
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
