import process from "node:process";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JetCluster } from "../../src/api/jet-cluster.ts";
import { port } from "../../src/api/names.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { ensureImage } from "../images/images.ts";
import { createRandom } from "../sim/model/random.ts";
import { arm, type Kill, killsOfRestore, killsOfSave } from "./archive-killing.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { engineImages, newestEngine as version } from "./engines.ts";
import { condition, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { type OperatorProcess, startOperatorProcess } from "./operator-process.ts";
import { removeWithClusters, restrictedNamespace, updateDefinitions } from "./operator-release.ts";
import { type JobProgress, submitSampleJob, waitForCount } from "./sample-job.ts";

/**
 * A cluster is stopped and started again and again, and each time somebody is killed without warning at a step of the save,
 * and somebody at one of the restore; a seed says who and when. Whatever happens there is the restored cluster, or the one
 * that ran, or a start that can be repeated: never a job that began from nothing, never a good archive that a worse one
 * replaced. As many rounds as fit into JET_TEST_KILL_MINUTES (10).
 */
const namespace = "jet-e2e-archive-kills";
const user = "killed-archive-operator";
const name = "vault";
const keys = 10;
const jobs = { counter: { protected: false }, guarded: { protected: true } };
const jobNames = Object.keys(jobs);
const spec = (suspend: boolean) => ({
  ...{ replicas: 3, suspend, version },
  resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "400Mi" } },
  // The operator is no pod here, which a policy could admit.
  network: { policy: "None" as const },
  losslessRestart: { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } },
});
const address = `${name}.${namespace}.svc.cluster.local:${port.member}`;
const minutes = (count: number) => count * 60_000;
const { JET_TEST_SEED: chosenSeed = "1", JET_TEST_KILL_MINUTES: chosenMinutes = "10" } = process.env;
const random = createRandom(Number(chosenSeed));
const budgetMillis = minutes(Number(chosenMinutes));

type Progress = Readonly<Record<string, JobProgress>>;

let cluster: TestedCluster;
let operator: OperatorProcess | undefined;
let flags: Readonly<Record<string, string>>;
let reader: EngineClient | undefined;
/** What the newest archive has, at least. */
let archived: Progress = {};
let generation = 0;
let ids: readonly string[] = [];

beforeAll(async () => {
  await up({}, console.log);
  await engineImages(version);
  const { reference, tar } = await ensureImage("operator", console.log);
  await clusterHost.importImage(tar);
  flags = { "archive-image": reference };
  await restrictedNamespace(namespace);
  await updateDefinitions();
  cluster = testedCluster(namespace, name);
  operator = await startOperatorProcess(user, namespace, flags);
  await cluster.remove();
  await cluster.kubectl("delete", "persistentvolumeclaims", "--all", "--wait=true");
});
afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  console.error(JSON.stringify((await cluster.read().catch(() => undefined))?.status, undefined, 1));
  console.error(operator?.log());
});
afterAll(async () => {
  await operator?.kill();
  await removeWithClusters(namespace);
});

async function killOperator(): Promise<void> {
  await operator?.kill();
  operator = await startOperatorProcess(user, namespace, flags);
}

async function connectReader(): Promise<EngineClient> {
  await reader?.stop();
  reader = await startClient(clusterHost, { namespace, name: "reader", engine: { clusterName: name, address } });
  await reader.waitConnected(minutes(1));
  return reader;
}

/** How far each job is, once it has counted beyond what the archive has. */
async function goesOn(): Promise<Progress> {
  const client = await connectReader();
  const further = jobNames.map(async (map) => {
    const count = (archived[map]?.count ?? 0) + 100;
    return [map, await waitForCount(client, { map, keys, count, timeoutMillis: minutes(5) })] as const;
  });
  return Object.fromEntries(await Promise.all(further));
}

const isStopped = (now: JetCluster) => condition(now, "Suspended")?.status === "True";
const isReady = (now: JetCluster) =>
  condition(now, "Ready")?.status === "True" &&
  condition(now, "Ready")?.observedGeneration === now.metadata.generation &&
  now.status?.readyMembers === 3;
const isLost = (now: JetCluster) => condition(now, "StateLost")?.status === "True";

/** Runs the command that the remedy names first: restore the archive. */
async function restoreIsAccepted(lost: JetCluster): Promise<void> {
  const remedy = lost.status?.blockedBy?.find(({ check }) => check === "StateLost")?.remedy ?? "";
  const [, words] = /kubectl (annotate \S.*?restore-archive\S*);/.exec(`${remedy};`) ?? [];
  if (words === undefined) throw new Error(`no restore is offered in "${remedy}"`);
  await cluster.kubectl(...words.split(" "));
}

const holds = (isThere: (now: JetCluster) => boolean, gone: readonly string[]) => (now: JetCluster) =>
  isThere(now) && !now.status?.members?.some(({ uuid }) => uuid !== undefined && gone.includes(uuid));

interface Outcome {
  /** Somebody was really killed. */
  readonly killed: boolean;
  /** The members' memory was lost, and the archive before was taken. */
  readonly lost: boolean;
}

/** Stops or starts the cluster, with that kill. Where all memory is lost a person accepts the archive. */
async function withKill(suspend: boolean, kill: Kill | undefined): Promise<Outcome> {
  const isThere = suspend ? isStopped : isReady;
  const what = suspend ? "the stop" : "the start";
  const armed = kill && arm(cluster, kill, killOperator);
  try {
    await cluster.apply(spec(suspend));
    await cluster.waitFor(what, (now) => isThere(now) || isLost(now), minutes(10));
    const killed = await armed?.done();
    const isNow = holds(isThere, suspend ? [] : (killed?.uuids ?? []));
    const now = await cluster.waitFor(what, (seen) => isNow(seen) || isOffered(seen), minutes(10));
    const lost = isLost(now);
    if (lost) await restoreIsAccepted(now);
    await cluster.waitFor(`${what} in the end`, (seen) => !isLost(seen) && isThere(seen), minutes(10));
    return { killed: killed !== undefined, lost };
  } finally {
    armed?.disarm();
  }
}

const isOffered = (now: JetCluster) =>
  isLost(now) && (now.status?.blockedBy ?? []).some(({ check }) => check === "StateLost");

async function isWhole(): Promise<void> {
  const statuses = async () =>
    Object.fromEntries(((await cluster.read()).status?.jobs ?? []).map(({ id, status }) => [id, status]));
  const running = Object.fromEntries(ids.map((id) => [id, "RUNNING"]));
  await expect.poll(statuses, { timeout: minutes(2), interval: 500 }).toEqual(running);
}

function expectNothingFromNothing(now: Progress): void {
  for (const job of jobNames) {
    const { origin, bad } = now[job]!;
    expect({ job, origin, bad }).toEqual({ job, origin: archived[job]?.origin ?? origin, bad: 0 });
  }
}

async function archiveIsNoWorse(): Promise<void> {
  const { archive } = (await cluster.read()).status ?? {};
  expect(archive).toMatchObject({ jobs: jobNames.length, version });
  expect(archive?.generation).toBeGreaterThanOrEqual(generation);
  generation = archive?.generation ?? 0;
}

/** A stop and a start. @returns who was killed, as far as the steps were met. */
async function round(save: Kill | undefined, restore: Kill | undefined): Promise<string[]> {
  const before = await goesOn();
  expectNothingFromNothing(before);
  const stop = await withKill(true, save);
  expect(await cluster.pods()).toEqual([]);
  await archiveIsNoWorse();
  if (!stop.lost) archived = before;
  const start = await withKill(false, restore);
  await isWhole();
  await archiveIsNoWorse();
  for (const [kill, { lost }] of [[save, stop] as const, [restore, start] as const]) {
    expect(lost && kill?.victim !== "everybody").toBe(false);
  }
  const told = (kill: Kill | undefined, { killed, lost }: Outcome) =>
    kill && killed ? [`${kill.victim} at ${kill.step}${lost ? ": restored from the archive before" : ""}`] : [];
  return [...told(save, stop), ...told(restore, start)];
}

function shuffled<T>(all: readonly T[]): T[] {
  const left = [...all];
  return all.map(() => left.splice(random.below(left.length), 1)[0]!);
}

test("three members with two jobs, stopped and started once while nobody is killed", {
  timeout: minutes(15),
}, async () => {
  await cluster.apply(spec(false));
  await cluster.ready(3);
  const target = { namespace, version, clusterName: name, address };
  for (const [job, more] of Object.entries(jobs)) {
    await submitSampleJob(clusterHost, target, { name: job, map: job, keys, snapshotMillis: 1_000, ...more });
  }
  const listed = ({ status }: JetCluster) => status?.jobs?.length === jobNames.length;
  ids = ((await cluster.waitFor("the jobs", listed)).status?.jobs ?? []).map(({ id }) => id);
  await round(undefined, undefined);
});

test("whoever is killed at whatever step", { timeout: budgetMillis + minutes(25) }, async () => {
  const [saves, restores] = [shuffled(killsOfSave), shuffled(killsOfRestore)];
  const until = Date.now() + budgetMillis;
  const done: string[] = [];
  console.log(`seed ${chosenSeed}`);
  for (let index = 0; Date.now() < until && index < saves.length; index += 1) {
    const began = Date.now();
    const [save, restore] = [saves[index], restores[index % restores.length]];
    const told = await round(save, restore);
    done.push(...told);
    console.log(`${Math.round((Date.now() - began) / 1_000)} s: ${told.join("; ") || "nobody was met"}`);
  }
  expectNothingFromNothing(await goesOn());
  expect(done.length).toBeGreaterThanOrEqual(4);
});
