import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { port } from "../../src/api/names.ts";
import type { Answer } from "../../src/engine/answer.ts";
import { createEngineJobs } from "../../src/engine/jobs.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { restartComponent } from "../cluster/components.ts";
import { until } from "../cluster/run.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { engineImages, newestEngine as version } from "./engines.ts";
import { condition, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";
import { type JobProgress, submitSampleJob, waitForCount } from "./sample-job.ts";

/**
 * All that an archive keeps, and no more than a user would notice: jobs of every kind and a map of 200 MB, through two stops
 * after which nothing of the cluster runs, not even the node's own daemons go on as they were. The tests stand in the order
 * of the cluster's life.
 */
const namespace = "jet-e2e-archive-contents";
const name = "store";
const keys = 10;
/** Each writes a map of its own name. */
const jobs = {
  counter: { protected: false },
  unscaled: { protected: false, autoScaling: false },
  guarded: { protected: true },
  resting: { protected: true },
} as const;
const jobNames = Object.keys(jobs) as (keyof typeof jobs)[];
const running = jobNames.filter((each) => each !== "resting");
const statuses = { counter: "RUNNING", unscaled: "RUNNING", guarded: "RUNNING", resting: "SUSPENDED" };
/** 200 MB. */
const content = { entries: 10_000, length: 20_000 };
const spec = (replicas: number, suspend: boolean) => ({
  ...{ replicas, suspend, version },
  resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "512Mi" } },
  network: { policy: "None" as const },
  losslessRestart: { mode: "Archive" as const, archive: { storage: { size: "2Gi" } } },
});
const address = `${name}.${namespace}.svc.cluster.local:${port.member}`;
const minutes = (count: number) => count * 60_000;

const engine = createEngineJobs();
const { signal } = new AbortController();
let operator: Release;
let cluster: TestedCluster;
let reader: EngineClient | undefined;
let before: Record<string, JobProgress> = {};
let resting: [unknown, unknown][] = [];
let failed = false;

beforeAll(async () => {
  await up({}, console.log);
  await engineImages(version);
  operator = await installOperator({ name: "archive-contents", watches: [namespace] });
  cluster = testedCluster(namespace, name);
  await cluster.remove();
  await cluster.kubectl("delete", "persistentvolumeclaims", "--all", "--wait=true");
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(async () => {
  if (failed) console.error((await operator.log()).split("\n").slice(-80).join("\n"));
  // Without another save: with the namespace all of it goes.
  await operator?.end();
});

/** A new one each time: none of the tests is about a client that outlives the cluster. */
async function connectReader(): Promise<EngineClient> {
  await reader?.stop();
  reader = await startClient(clusterHost, { namespace, name: "reader", engine: { clusterName: name, address } });
  await reader.waitConnected(minutes(1));
  return reader;
}

/** What every job has counted: at least `least` numbers each. */
async function progress(client: EngineClient, least: (job: string) => number): Promise<Record<string, JobProgress>> {
  const each = running.map(async (map) => {
    return [map, await waitForCount(client, { map, keys, count: least(map), timeoutMillis: minutes(5) })] as const;
  });
  return Object.fromEntries(await Promise.all(each));
}

const sorted = (entries: readonly [unknown, unknown][]) =>
  [...entries].sort(([one], [other]) => Number(one) - Number(other));

async function statusesNow(): Promise<Record<string, string>> {
  const { status } = await cluster.read();
  return Object.fromEntries((status?.jobs ?? []).map((job) => [job.name ?? job.id, job.status]));
}

function known<T>(answer: Answer<T>): T {
  if (!answer.known) throw new Error(answer.reason);
  return answer.value;
}

/** As a user with the engine's own command line would. */
async function suspendByHand(job: string): Promise<void> {
  const [pod] = await cluster.pods();
  const asked = { address: { host: pod!.status.podIP!, port: port.member }, clusterName: name };
  const list = async () => known(await engine.list(asked, signal)).jobs.find((each) => each.name === job);
  known(await engine.suspend(asked, (await list())!.id, signal));
  const suspended = async () => ((await list())?.status === "SUSPENDED" ? true : undefined);
  await until(`${job} to be suspended`, suspended, { timeoutMillis: minutes(2), everyMillis: 300 });
}

async function stopAll(size: number): Promise<void> {
  await cluster.apply(spec(size, true));
  const stopped = await cluster.waitFor("stopped", (now) => condition(now, "Suspended")?.status === "True");
  const { status } = stopped;
  expect(status?.archive).toMatchObject({ jobs: jobNames.length, version });
  expect(status?.archive?.storedBytes).toBeGreaterThan(0);
  expect(status?.archive?.bytesPerSecond).toBeGreaterThan(0);
  expect(condition(stopped, "LosslessReady")?.message).toMatch(/The last archive of .* was copied and read back in/);
  expect(status?.archive?.bytes).toBeGreaterThan(content.entries * content.length);
  // Neither a member nor anybody who still saves.
  const alive = ["get", "pods", "--field-selector=status.phase!=Succeeded", "-o", "name"] as const;
  const gone = async () => ((await cluster.kubectl(...alive)).includes(`/${name}-`) ? undefined : true);
  await until("every pod to be gone", gone, { timeoutMillis: minutes(2), everyMillis: 500 });
}

/** Statuses as before, counts equal, every job from where it was: no update lost or repeated. */
async function comesBack(size: number): Promise<void> {
  await cluster.apply(spec(size, false));
  await cluster.ready(size);
  expect(await statusesNow()).toEqual(statuses);
  const client = await connectReader();
  expect(await client.size("orders")).toBe(content.entries);
  expect(await client.differing("orders", content)).toBe(0);
  expect(sorted(await client.entries("resting"))).toEqual(resting);
  const after = await progress(client, (job) => (before[job]?.count ?? 0) + 200);
  for (const job of running) {
    const { origin, bad } = after[job]!;
    expect({ job, origin, bad }).toEqual({ job, origin: before[job]!.origin, bad: 0 });
  }
  expect(await statusesNow()).toEqual(statuses);
  before = after;
}

test("three members with four kinds of job and a map of 200 MB", { timeout: minutes(15) }, async () => {
  await cluster.apply(spec(3, false));
  await cluster.ready(3);
  const target = { namespace, version, clusterName: name, address };
  for (const job of jobNames) {
    await submitSampleJob(clusterHost, target, { name: job, map: job, keys, snapshotMillis: 1_000, ...jobs[job] });
  }
  const client = await connectReader();
  await client.fill("orders", content);
  await waitForCount(client, { map: "resting", keys, count: 100, timeoutMillis: minutes(2) });
  await suspendByHand("resting");
  resting = sorted(await client.entries("resting"));
  before = await progress(client, () => 100);
  await cluster.waitFor("the jobs in status", ({ status }) => status?.jobs?.length === jobNames.length);
  await expect.poll(statusesNow, { timeout: minutes(2), interval: 500 }).toEqual(statuses);
  expect(await client.size("orders")).toBe(content.entries);
});

test("all of it stops, and the node's kubelet and containerd are started anew meanwhile", async () => {
  await stopAll(3);
  await restartComponent("containerd");
  await restartComponent("kubelet");
  const ready = async () => {
    const said = await clusterHost.kubectl([
      "get",
      "nodes",
      "-o",
      "jsonpath={.items[0].status.conditions[-1:].status}",
    ]);
    return said === "True" ? true : undefined;
  };
  await until("the node to be ready", ready, { timeoutMillis: minutes(2), everyMillis: 500 });
});

test("it comes back with three members", { timeout: minutes(15) }, async () => {
  await comesBack(3);
});

test("it stops again and comes back with five", { timeout: minutes(20) }, async () => {
  await stopAll(3);
  await comesBack(5);
});
