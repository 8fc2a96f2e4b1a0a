import { clusterHost, up } from "../test/cluster/cluster.ts";
import { CommandFailed } from "../test/cluster/run.ts";
import { type EngineClient, startClient } from "../test/e2e/clients.ts";
import { installOperator, restrictedNamespace } from "../test/e2e/operator-release.ts";
import { submitSampleJob } from "../test/e2e/sample-job.ts";
import { ensureImage } from "../test/images/images.ts";
import { narrator } from "./demo/narrator.ts";
import { countsOn, showUntil } from "./demo/table.ts";

/**
 * What a new user sees first: a real Kubernetes, the operator installed by its chart, a cluster of three real members
 * with a real streaming job on it, growing to five under the job. It can be run again at any time.
 */
const namespace = "demo";
const name = "orders";
const clientLabels = { role: "client" };
const engine = { clusterName: name, address: `${name}:5701` };
const keys = 10;

const cluster = (replicas: number) => ({
  apiVersion: "jet-operator.io/v1beta1",
  kind: "JetCluster",
  metadata: { name, namespace },
  spec: {
    replicas,
    version: "5.7.0",
    backupCount: 2,
    network: { clients: [{ podSelector: { matchLabels: clientLabels } }] },
    resources: { requests: { cpu: "50m", memory: "384Mi" }, limits: { memory: "512Mi" } },
  },
});

async function demo(): Promise<void> {
  const say = narrator();
  say.chapter("A throw-away Kubernetes of its own network, with no way outside");
  await up({}, say.line);
  await clusterHost.importImage((await ensureImage("hazelcast-5.7.0", say.line)).tar);
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
  const client = await startClient(clusterHost, { namespace, name: "reader", engine, labels: clientLabels });
  try {
    const before = await countsOn(client, keys, say.line);

    say.chapter("Growing to five while the job counts");
    await apply(cluster(5));
    await showUntil(namespace, name, (seen) => seen.ready && seen.replicas === 5);
    const after = await countsOn(client, keys, say.line);
    say.line(verdict(before.origin === after.origin && after.bad === 0, before.count, after.count));
  } finally {
    await stopClient(client);
  }
  sayHowToGoOn(say);
}

function verdict(lossless: boolean, before: number, after: number): string {
  if (!lossless) throw new Error("the job began anew or lost an update: this is a defect, please report it");
  return `the job restarted on five members and went on from its snapshot: ${before} → ${after}, nothing lost, nothing repeated`;
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
  await clusterHost.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  // A member hands over its data before it goes; nobody needs them any more.
  const selector = `jet-operator.io/cluster=${name}`;
  const now = ["--grace-period=1", "--wait=false", "--ignore-not-found"];
  await clusterHost.kubectl(["delete", "pods", "-n", namespace, "-l", selector, ...now]);
  await clusterHost.kubectl(["wait", "--for=delete", `namespace/${namespace}`, "--timeout=180s"], {
    timeoutMillis: 200_000,
  });
}

async function apply(object: object): Promise<void> {
  await clusterHost.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
}

async function stopClient(client: EngineClient): Promise<void> {
  await client.stop().catch((error: unknown) => console.error(String(error)));
}

try {
  await demo();
} catch (error) {
  console.error(error instanceof CommandFailed || error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
