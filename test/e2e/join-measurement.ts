/**
 * Measures how often members that start together form more than one cluster, by join configuration: the numbers of
 * docs/decisions/0003-join.md. `node test/e2e/join-measurement.ts IMAGE SIZES STARTS [VARIANTS]`, on a running test
 * cluster, e.g. `docker.io/hazelcast/hazelcast:5.7.0 3,5 8`. One JSON line for each start.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../cluster/kube-watch.ts";
import { adminKubeconfig } from "../cluster/paths.ts";
import { until } from "../cluster/run.ts";
import { type JoinVariant, joinObjects, joinVariants } from "./join-objects.ts";

const namespace = "join-measurement";
/** Generous: members take a minute to start on a machine that does other work, and a split heals only after minutes. */
const giveUpMillis = 240_000;

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly podIP?: string; readonly phase?: string };
}

/** What one member said: joined or not (5.x only), and the members that it sees. */
interface View {
  readonly pod: string;
  readonly ready: boolean;
  readonly members: readonly string[];
}

const api = connect(adminKubeconfig);

async function ask(url: string): Promise<{ status: number; body: string }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  return { status: answer.status, body: await answer.text() };
}

async function viewOf(pod: Pod, knowsReady: boolean): Promise<View | undefined> {
  const engine = `http://${pod.status.podIP}:5701/hazelcast`;
  try {
    const ready = !knowsReady || (await ask(`${engine}/health/ready`)).status === 200;
    const { members } = JSON.parse((await ask(`${engine}/rest/cluster`)).body) as { members: { uuid: string }[] };
    return { pod: pod.metadata.name, ready, members: members.map(({ uuid }) => uuid).sort() };
  } catch {
    return undefined;
  }
}

/** Clusters that share no member: each joined member's view, counted once. */
function separateClusters(views: readonly View[]): number {
  const seen: (readonly string[])[] = [];
  for (const { members } of views.filter((view) => view.ready && view.members.length > 0)) {
    if (!seen.some((other) => other.some((uuid) => members.includes(uuid)))) seen.push(members);
  }
  return seen.length;
}

async function start(image: string, size: number, variant: JoinVariant, name: string): Promise<object> {
  const began = Date.now();
  const knowsReady = !image.includes("jet");
  for (const { path, body } of joinObjects({ namespace, name, image, size, variant }))
    await api.request("POST", path, body);
  const result = { image, variant, size, mostClusters: 0, splitMillis: 0, clustersAtEnd: 0, allRunning: 0, oneView: 0 };
  let before = Date.now();
  while (Date.now() - began < giveUpMillis && !result.oneView) {
    await sleep(150);
    const list = (await api.request("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=run=${name}`)) as {
      items: Pod[];
    };
    const running = list.items.filter(({ status }) => status.phase === "Running" && status.podIP);
    if (running.length === size) result.allRunning ||= Date.now() - began;
    const views = (await Promise.all(running.map((pod) => viewOf(pod, knowsReady)))).filter(
      (view) => view !== undefined,
    );
    result.clustersAtEnd = separateClusters(views);
    result.mostClusters = Math.max(result.mostClusters, result.clustersAtEnd);
    if (result.clustersAtEnd > 1) result.splitMillis += Date.now() - before;
    before = Date.now();
    const complete = views.filter((view) => view.ready && view.members.length === size);
    if (complete.length === size && result.clustersAtEnd === 1) result.oneView = Date.now() - began;
  }
  if (result.mostClusters > 1 || !result.oneView) await keepLogs(name, size);
  return result;
}

/** Why it split is only in the members' own words. */
async function keepLogs(name: string, size: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), `${name}-`));
  for (let ordinal = 0; ordinal < size; ordinal++) {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}-${ordinal}/log`;
    writeFileSync(join(directory, `${ordinal}.log`), String(await api.request("GET", path)));
  }
  console.error(`logs of ${name}: ${directory}`);
}

async function remove(name: string): Promise<void> {
  const base = `/api/v1/namespaces/${namespace}`;
  await api.request("DELETE", `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}?propagationPolicy=Orphan`);
  await api.request("DELETE", `${base}/pods?labelSelector=run=${name}&gracePeriodSeconds=1`);
  await api.request("DELETE", `${base}/services/${name}`);
  const gone = async () => {
    const pods = (await api.request("GET", `${base}/pods?labelSelector=run=${name}`)) as { items: Pod[] };
    return pods.items.length === 0 ? true : undefined;
  };
  await until(`pods of ${name} to be gone`, gone, { timeoutMillis: 120_000 });
}

async function measure(
  image: string,
  sizes: readonly number[],
  starts: number,
  variants: readonly JoinVariant[],
): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  const path = `/api/v1/namespaces/${namespace}`;
  await api.request("PATCH", `${path}?fieldManager=test`, body, "application/apply-patch+yaml");
  try {
    for (let index = 0; index < starts; index++) {
      // Taking turns: other work on the machine then disturbs every variant alike.
      for (const size of sizes) {
        for (const variant of variants) {
          const name = `j${Date.now().toString(36)}`;
          console.log(JSON.stringify(await start(image, size, variant, name)));
          await remove(name);
        }
      }
    }
  } finally {
    await api.request("DELETE", path);
  }
}

const [image, sizes = "3", starts = "8", variants = joinVariants.join(",")] = process.argv.slice(2);
if (image === undefined) throw new Error("IMAGE SIZES STARTS [VARIANTS] are wanted");
const chosen = joinVariants.filter((variant) => variants.split(",").includes(variant));
await measure(image, sizes.split(",").map(Number), Number(starts), chosen);
