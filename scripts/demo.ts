import { clusterHost, up } from "../test/cluster/cluster.ts";
import { CommandFailed } from "../test/cluster/run.ts";
import { startClient } from "../test/e2e/clients.ts";
import { installOperator, removeWithClusters, restrictedNamespace } from "../test/e2e/operator-release.ts";
import { type JobProgress, submitSampleJob } from "../test/e2e/sample-job.ts";
import { ensureImage } from "../test/images/images.ts";
import { narrator } from "./demo/narrator.ts";
import { countsOn, showUntil } from "./demo/table.ts";

/**
 * What a new user sees first: a real Kubernetes, the operator installed by its chart, a cluster of three real members
 * with a real streaming job on it, growing to five under the job, stopped as a whole and started again without losing an
 * update. It can be run again at any time.
 */
const namespace = "demo";
const name = "orders";
const clientLabels = { role: "client" };
const engine = { clusterName: name, address: `${name}:5701` };
const keys = 10;
const ofCluster = `jet-operator.io/cluster=${name}`;

const cluster = (replicas: number, suspend = false) => ({
  apiVersion: "jet-operator.io/v1beta1",
  kind: "JetCluster",
  metadata: { name, namespace },
  spec: {
    replicas,
    suspend,
    version: "5.7.0",
    backupCount: 2,
    losslessRestart: { mode: "Archive", archive: { storage: { size: "1Gi" } } },
    network: { clients: [{ podSelector: { matchLabels: clientLabels } }] },
    resources: { requests: { cpu: "50m", memory: "384Mi" }, limits: { memory: "512Mi" } },
  },
});

async function demo(): Promise<void> {
  const say = narrator();
  say.chapter("A throw-away Kubernetes of its own network, with no way outside");
  await up({}, say.line);
  await clusterHost.importImage((await ensureImage("hazelcast-5.7.0", say.line)).tar);
  await ensureImage("operator", say.line);
  await clearAway(say.line);

  say.chapter("The operator, by its Helm chart");
  await installOperator({ name: "jet-operator", watches: [] });
  say.line("the operator is installed and leads");

  say.chapter("A JetCluster of three members");
  await restrictedNamespace(namespace);
  await apply(cluster(3));
  await showUntil(namespace, name, (seen) => seen.ready && seen.replicas === 3);

  say.chapter("A streaming job on it, whose state lives only in its snapshots");
  await submitSampleJob(
    clusterHost,
    { namespace, version: "5.7.0", ...engine, labels: clientLabels },
    { name: "count", rate: 100, keys, snapshotMillis: 1_000 },
    say.line,
  );
  const first = await counted(say.line);

  say.chapter("Growing to five while the job counts");
  await apply(cluster(5));
  await showUntil(namespace, name, (seen) => seen.ready && seen.replicas === 5);
  const grown = goesOn(first, await counted(say.line));
  say.line(`the job restarted on five members and went on from its snapshot: ${grown}`);

  say.chapter("Stopping all of it: suspend: true. What the members hold in memory goes to the archive volume");
  const last = await counted(say.line);
  await apply(cluster(5, true));
  await showUntil(namespace, name, (seen) => seen.suspended);
  const left = await clusterHost.kubectl(["get", "pods,persistentvolumeclaims", "-n", namespace, "-l", ofCluster]);
  for (const line of left.trim().split("\n")) console.log(`        ${line}`);
  say.line("no member is left, and with the last one all memory of the open-source engine was gone");

  say.chapter("Starting again, with three members this time; nobody submits the job");
  await apply(cluster(3));
  await showUntil(namespace, name, (seen) => seen.ready && seen.replicas === 3);
  const again = goesOn(last, await counted(say.line));
  say.line(`the job was restored from the archive and went on where it had stopped: ${again}`);
  sayHowToGoOn(say);
}

/** What an ordinary client of the cluster reads that the job has written, and whether it is still counting. */
async function counted(line: (text: string) => void): Promise<JobProgress> {
  const client = await startClient(clusterHost, { namespace, name: "reader", engine, labels: clientLabels });
  try {
    return await countsOn(client, keys, line);
  } finally {
    await client.stop().catch((error: unknown) => console.error(String(error)));
  }
}

/** @throws Error when the job has not gone on from what it was before, with every update applied once. */
function goesOn(before: JobProgress, after: JobProgress): string {
  if (before.origin !== after.origin || after.bad !== 0 || after.count <= before.count) {
    throw new Error("the job began anew or lost an update: this is a defect, please report it");
  }
  return `${before.count} → ${after.count}, nothing lost, nothing repeated`;
}

function sayHowToGoOn(say: ReturnType<typeof narrator>): void {
  say.chapter("Look around");
  for (const command of [
    `kubectl get jetclusters,pods -n ${namespace}`,
    `kubectl describe jetcluster ${name} -n ${namespace}`,
    `kubectl explain jetcluster.spec`,
    `kubectl scale jetcluster ${name} -n ${namespace} --replicas=4`,
    `kubectl scale jetcluster ${name} -n ${namespace} --replicas=3`,
    `kubectl logs -n jet-operator-system deployment/jet-operator`,
  ]) {
    console.log(`  npm run cluster -- ${command}`);
  }
  console.log("\nTo stop: npm run cluster -- down          (add --purge to remove its state as well)");
}

/** What an earlier demo left. */
async function clearAway(line: (text: string) => void): Promise<void> {
  const found = await clusterHost.kubectl(["get", "namespace", namespace, "--ignore-not-found", "-o", "name"]);
  if (found.trim() === "") return;
  line("removing what an earlier demo left");
  await removeWithClusters(namespace);
}

async function apply(object: object): Promise<void> {
  await clusterHost.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
}

try {
  await demo();
} catch (error) {
  console.error(error instanceof CommandFailed || error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
