import process from "node:process";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { JetCluster, JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { annotation } from "../../src/api/names.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { createRandom } from "../sim/model/random.ts";
import { type CountingJob, startCountingJob } from "./counting-job.ts";
import { engineImages, testedEngines } from "./engines.ts";
import { sampleHealth } from "./health-sampler.ts";
import { condition, startMillis, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { departures, goneTogether, wrongDepartures } from "./leaving.ts";
import { type OperatorProcess, startOperatorProcess } from "./operator-process.ts";
import { restrictedNamespace, updateDefinitions } from "./operator-release.ts";

/**
 * The operator is killed again and again, at moments that a seed determines, while somebody edits a cluster faster than it
 * can follow. Whatever it had half done, its successors bring the cluster to where the last edit wants it, member by
 * member, and the job loses nothing.
 */
const namespace = "jet-e2e-killed";
const user = "killed-operator";
const version = testedEngines[0]!;
const kills = 20;
const { JET_TEST_SEED: chosenSeed = "1" } = process.env;
const random = createRandom(Number(chosenSeed));

let cluster: TestedCluster;
let operator: OperatorProcess | undefined;
let job: CountingJob | undefined;

const spec = (more: Partial<JetClusterSpecInput> = {}): JetClusterSpecInput => ({
  replicas: 3,
  version,
  resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "400Mi" } },
  jobs: { duringDisruption: "Suspend" },
  // The operator is no pod here, which a policy could admit.
  network: { policy: "None" },
  ...more,
});

/** In order; each is made before the one before it is done. */
const edits: readonly (() => Promise<unknown>)[] = [
  () => cluster.apply(spec()),
  () => cluster.apply(spec({ podMetadata: { labels: { team: "blue" } } })),
  () => cluster.apply(spec({ podMetadata: { labels: { team: "red" } }, resourceUpload: false })),
  () => cluster.kubectl("annotate", "--overwrite", "jetcluster", "orders", `${annotation.restartAt}=once`),
  () => cluster.apply(spec()),
];

beforeAll(async () => {
  await up({}, console.log);
  await engineImages(version);
  await restrictedNamespace(namespace);
  await updateDefinitions();
  cluster = testedCluster(namespace, "orders");
  operator = await startOperatorProcess(user, namespace);
  await cluster.remove();
  await cluster.apply(spec({ replicas: 1 }));
  await cluster.ready(1);
  const address = `orders.${namespace}.svc.cluster.local:5701`;
  job = await startCountingJob({ namespace, version, clusterName: "orders", address }, { name: "counter" });
});
afterAll(async () => {
  await job?.stop();
  await cluster?.remove();
  await operator?.kill();
  await clusterHost.kubectl(["delete", "namespace", namespace], { timeoutMillis: 300_000 });
});

test(`killed ${kills} times in a script of edits, the operator leaves what it would have without`, async () => {
  const before = await template();
  const since = Date.now();
  const health = sampleHealth(cluster);
  onTestFailed(async () => {
    await health.stop();
    console.error(operator?.log());
  });
  for (let kill = 0; kill < kills; kill += 1) {
    for (const edit of editsBefore(kill)) await edit();
    await new Promise((resolve) => setTimeout(resolve, random.between(200, 9_000)));
    await operator?.kill();
    operator = await startOperatorProcess(user, namespace);
  }
  const end = await cluster.waitFor("everything to be done", isSettled, 2 * startMillis);
  const samples = await health.stop();
  await job?.goesOn();
  expect(condition(end, "StateLost")?.status).toBe("False");
  expect(end.status).toMatchObject({ replicas: 3, updatedMembers: 3, quorum: { base: 3, needed: 2, live: 3 } });
  expect(await template()).toEqual(before);
  const left = departures(user, cluster, since);
  const sizes = left.map(() => 3);
  expect(wrongDepartures(left, samples, sizes)).toEqual([]);
  expect(left.length).toBeGreaterThanOrEqual(3);
  expect(goneTogether(samples, left)).toEqual([]);
}, 2_400_000);

/** The edits are spread over the kills, the first before the first of them. */
function editsBefore(kill: number) {
  const until = (count: number) => Math.ceil((count * edits.length) / kills);
  return edits.slice(until(kill), until(kill + 1));
}

function isSettled({ status, metadata }: JetCluster): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return (
    ready?.status === "True" &&
    ready.observedGeneration === metadata.generation &&
    status?.readyMembers === 3 &&
    status.operation === undefined &&
    status.jobs?.every((each) => each.status === "RUNNING") === true
  );
}

/** What pods are made from, but for the annotations: the restart that was asked for stays in them. */
async function template(): Promise<unknown> {
  const set = (await cluster.api.request("GET", cluster.at("apps/statefulsets", "orders"))) as {
    spec: { template: { metadata: { labels: unknown }; spec: unknown } };
  };
  const { metadata, spec: pods } = set.spec.template;
  return { labels: metadata.labels, pods };
}
