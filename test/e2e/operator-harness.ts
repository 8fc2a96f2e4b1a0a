import { clusterHost } from "../cluster/cluster.ts";
import { chart, helm } from "../cluster/helm.ts";
import { connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage } from "../images/images.ts";

/** Where and as what the operator is installed in the throw-away cluster. */
const operatorNamespace = "jet-operator-system";
const operatorRelease = "jet-operator";
/** The operator as the API server's audit log names it. */
export const operatorUser = `system:serviceaccount:${operatorNamespace}:${operatorRelease}`;

export interface OperatorInstall {
  /** Namespaces whose JetClusters it looks after. Empty: all, as the chart does by default. They must exist. */
  readonly namespaces: readonly string[];
  /** Further `--set` of Helm. */
  readonly settings?: readonly string[];
}

/** The running operator. */
export interface InstalledOperator {
  /** Name of its only pod that is not on its way out. */
  pod(): Promise<string>;
  /** Its metrics as Prometheus would read them. */
  metrics(): Promise<string>;
  log(): Promise<string>;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * Installs the operator's image by the real Helm and the shipped chart, or upgrades what is there, in a namespace that
 * enforces Pod Security `restricted`. Answers when its pod is ready and leads.
 * @throws Error or CommandFailed when it does not come up in 3 minutes.
 */
export async function installOperator({ namespaces, settings = [] }: OperatorInstall): Promise<InstalledOperator> {
  const image = await ensureImage("operator", console.log);
  await clusterHost.importImage(image.tar);
  await restrictedNamespace(operatorNamespace);
  await updateDefinitions();
  const [repository, tag] = splitReference(image.reference);
  const values = [
    `image.repository=${repository}`,
    `image.tag=${tag}`,
    ...namespaces.map((name, index) => `scope.namespaces[${index}]=${name}`),
    ...settings,
  ];
  await endInterruptedRelease();
  await helm(
    [
      ...["upgrade", "--install", operatorRelease, chart, "--namespace", operatorNamespace],
      ...["--wait", "--timeout", "3m"],
      ...values.flatMap((value) => ["--set", value]),
    ],
    clusterHost.kubeconfigPath,
  );
  const operator = runningOperator(connect(clusterHost.kubeconfigPath));
  await until("the operator to lead", async () => (leads(await operator.metrics()) ? true : undefined), {
    timeoutMillis: 120_000,
    everyMillis: 500,
  });
  return operator;
}

/** Helm refuses every upgrade of a release whose own upgrade was killed; a run that was interrupted leaves such. */
async function endInterruptedRelease(): Promise<void> {
  const argv = ["list", "--pending", "--short", "--namespace", operatorNamespace];
  const pending = await helm(argv, clusterHost.kubeconfigPath);
  if (pending.split("\n").includes(operatorRelease)) await uninstallOperator();
}

export async function uninstallOperator(): Promise<void> {
  await helm(["uninstall", operatorRelease, "--namespace", operatorNamespace, "--wait"], clusterHost.kubeconfigPath);
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

/** Helm installs custom resource definitions but never updates them; the cluster may have those of an earlier run. */
async function updateDefinitions(): Promise<void> {
  const known = await clusterHost.kubectl(["get", "crd", "-o", "name"]);
  if (!known.includes("jetclusters.jet-operator.io")) return;
  await clusterHost.kubectl(["apply", "--server-side", "--force-conflicts", "-f", `${chart}/crds`]);
}

function splitReference(reference: string): [repository: string, tag: string] {
  const colon = reference.lastIndexOf(":");
  return [reference.slice(0, colon), reference.slice(colon + 1)];
}

const leads = (metrics: string) => /^leader_election_master_status\{[^}]*\} 1$/m.test(metrics);

function runningOperator(api: KubeApi): InstalledOperator {
  const pods = `/api/v1/namespaces/${operatorNamespace}/pods`;
  const pod = async () => {
    const selector = encodeURIComponent(`app.kubernetes.io/instance=${operatorRelease}`);
    const { items } = (await api.request("GET", `${pods}?labelSelector=${selector}`)) as { items: readonly Pod[] };
    const running = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (running.length !== 1) throw new Error(`${running.length} pods of the operator; one is expected`);
    return running[0]!.metadata.name;
  };
  return {
    pod,
    // Through the API server, which is on the node: the operator's NetworkPolicy admits nobody else but Prometheus.
    metrics: async () => String(await api.request("GET", `${pods}/${await pod()}:8080/proxy/metrics`)),
    log: async () => String(await api.request("GET", `${pods}/${await pod()}/log?tailLines=200`)),
  };
}
