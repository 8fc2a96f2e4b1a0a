import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { port } from "../../src/api/names.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { until } from "../cluster/run.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { engineImages, newestEngine as version } from "./engines.ts";
import { condition, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";
import { type JobProgress, waitForCount } from "./sample-job.ts";
import { type SubmitLoop, startSubmitLoop } from "./submit-loop.ts";

/**
 * A client that makes sure of its job whenever it can ("submit if absent") and writes to a map what is absent there never stops
 * trying, while the cluster stops and comes back empty. Were it let in before all is restored, there would be a second job
 * of the name, and values of its own in the map. The tests stand in the order of the cluster's life.
 */
const namespace = "jet-e2e-archive-clients";
const name = "shop";
const keys = 10;
const job = { name: "counter", keys, snapshotMillis: 1_000, protected: false };
const content = { entries: 2_000, length: 1_000 };
const labels = { "jet-e2e/client": "yes" };
const spec = (suspend: boolean) => ({
  ...{ replicas: 3, suspend, version },
  resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "400Mi" } },
  network: { clients: [{ podSelector: { matchLabels: labels } }] },
  losslessRestart: { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } },
});
const address = `${name}.${namespace}.svc.cluster.local:${port.member}`;
const minutes = (count: number) => count * 60_000;

interface Rounds {
  readonly worked: number;
  readonly failed: number;
}

let operator: Release;
let cluster: TestedCluster;
let reader: EngineClient | undefined;
let loop: SubmitLoop | undefined;
let id: string | undefined;
let progress: JobProgress;
let rounds: Rounds;
let failed = false;

beforeAll(async () => {
  await up({}, console.log);
  await engineImages(version);
  operator = await installOperator({ name: "archive-clients", watches: [namespace] });
  cluster = testedCluster(namespace, name);
  await cluster.remove();
  await cluster.kubectl("delete", "persistentvolumeclaims", "--all", "--wait=true");
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(async () => {
  if (failed) {
    console.error((await operator.log()).split("\n").slice(-60).join("\n"));
    console.error(await loop?.log());
  }
  await loop?.stop();
  // Without another save: with the namespace all of it goes.
  await operator?.end();
});

async function connectReader(): Promise<EngineClient> {
  await reader?.stop();
  reader = await startClient(clusterHost, {
    namespace,
    name: "reader",
    labels,
    engine: { clusterName: name, address },
  });
  await reader.waitConnected(minutes(1));
  return reader;
}

/** Waits until the loop has worked this often. */
async function worked(client: EngineClient, least: number): Promise<Rounds> {
  const now = async () => {
    const [many, few] = [await client.get("loop", "worked"), await client.get("loop", "failed")];
    return Number(many ?? 0) >= least ? { worked: Number(many), failed: Number(few) } : undefined;
  };
  return until(`the loop to work ${least} times`, now, { timeoutMillis: minutes(3), everyMillis: 500 });
}

const jobIds = async () => ((await cluster.read()).status?.jobs ?? []).map((each) => each.id);

test("a client submits its job, goes on submitting it, and there is one", { timeout: minutes(12) }, async () => {
  await cluster.apply(spec(false));
  await cluster.ready(3);
  const client = await connectReader();
  await client.fill("orders", content);
  const target = { namespace, version, clusterName: name, address, labels };
  loop = await startSubmitLoop(clusterHost, target, job, { map: "orders", entries: content.entries });
  progress = await waitForCount(client, { map: "out", keys, count: 200, timeoutMillis: minutes(3) });
  rounds = await worked(client, 50);
  await expect.poll(jobIds, { timeout: minutes(1), interval: 500 }).toHaveLength(1);
  [id] = await jobIds();
  expect(await client.differing("orders", content)).toBe(0);
});

test("while it goes on trying the whole cluster stops, with that one job in its archive", async () => {
  await cluster.apply(spec(true));
  const { status } = await cluster.waitFor("stopped", (now) => condition(now, "Suspended")?.status === "True");
  expect(status?.archive).toMatchObject({ jobs: 1 });
});

test("and comes back with that one job, nothing overwritten, and the client at work", {
  timeout: minutes(12),
}, async () => {
  await cluster.apply(spec(false));
  await cluster.ready(3);
  expect(await jobIds()).toEqual([id]);
  const client = await connectReader();
  expect(await client.size("orders")).toBe(content.entries);
  expect(await client.differing("orders", content)).toBe(0);
  const now = await worked(client, rounds.worked + 100);
  // It really tried while it was kept out.
  expect(now.failed).toBeGreaterThan(rounds.failed);
  const { origin, bad } = await waitForCount(client, {
    ...{ map: "out", keys, count: progress.count + 200, timeoutMillis: minutes(3) },
  });
  expect({ origin, bad }).toEqual({ origin: progress.origin, bad: 0 });
  expect(await jobIds()).toEqual([id]);
  expect(await client.differing("orders", content)).toBe(0);
});
