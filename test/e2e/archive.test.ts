import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { clusterHost, up } from "../cluster/cluster.ts";
import { type EngineClient, startClient } from "./clients.ts";
import { type CountingJob, startCountingJob } from "./counting-job.ts";
import { engineImages, newestEngine, testedEngines } from "./engines.ts";
import { condition, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { installOperator, type Release } from "./operator-release.ts";
import { type JobProgress, submitSampleJob, waitForCount } from "./sample-job.ts";

/**
 * The promise of mode Archive, on the open-source engine: a cluster is stopped as a whole, every member is gone, and its
 * jobs go on from where they stopped, at another size as well, without being submitted again.
 */
const namespace = "jet-e2e-archive";
const client = { "jet-e2e/client": "yes" };
const keys = 10;

let operator: Release;

beforeAll(async () => {
  await up({}, console.log);
  operator = await installOperator({ name: "archive", watches: [namespace] });
});
afterAll(async () => {
  await operator?.end();
});

describe.each(testedEngines)("an archive of %s", (version) => {
  let cluster: TestedCluster;
  let reader: EngineClient | undefined;
  let progress: JobProgress;
  let failed = false;

  /** What all members share, changed by a restart. */
  let shared: JetClusterSpecInput = {};
  let clusterName = "ledger";
  const spec = (replicas: number, suspend: boolean): JetClusterSpecInput => ({
    ...{ replicas, suspend, version, ...shared },
    resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "450Mi" } },
    network: { clients: [{ podSelector: { matchLabels: client } }] },
    losslessRestart: { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } },
  });
  const address = `ledger.${namespace}.svc.cluster.local:5701`;
  const target = { namespace, version, clusterName, address, labels: client };

  async function connectReader(): Promise<EngineClient> {
    await reader?.stop();
    reader = await startClient(clusterHost, {
      ...{ namespace, name: "reader", labels: client },
      engine: { address, clusterName },
    });
    return reader;
  }

  /** The counting job went on: not from nothing, nothing lost or doubled, and further than before. */
  async function jobGoesOn(): Promise<void> {
    const wanted = { count: progress.count + 200, keys, timeoutMillis: 300_000 };
    const now = await waitForCount(await connectReader(), wanted);
    expect({ origin: now.origin, bad: now.bad }).toEqual({ origin: progress.origin, bad: 0 });
    progress = now;
  }

  async function stopped(): Promise<void> {
    const { status } = await cluster.waitFor("stopped", (now) => condition(now, "Suspended")?.status === "True");
    expect(status?.archive).toMatchObject({ jobs: 2, version });
    expect(await cluster.pods()).toEqual([]);
  }

  beforeAll(async () => {
    await engineImages(version);
    cluster = testedCluster(namespace, "ledger");
    await cluster.remove();
    await cluster.kubectl("delete", "persistentvolumeclaims", "--all", "--wait=true");
  });
  afterEach(({ task }) => {
    failed ||= task.result?.state === "fail";
  });
  afterAll(async () => {
    if (failed) {
      console.error(JSON.stringify((await cluster.read().catch(() => undefined))?.status, undefined, 1));
      console.error((await operator.log()).split("\n").slice(-80).join("\n"));
    }
    await reader?.stop();
    await cluster.remove();
    await cluster.kubectl("delete", "persistentvolumeclaims", "--all", "--wait=true");
  });

  test("a cluster with a job whose state lives only in its snapshots, and one more that is protected", async () => {
    await cluster.apply(spec(3, false));
    await cluster.ready(3);
    expect(condition(await cluster.read(), "LosslessReady")).toMatchObject({ status: "True", reason: "ArchiveVolume" });
    await submitSampleJob(clusterHost, target, { name: "counter", keys, snapshotMillis: 1_000 });
    await submitSampleJob(clusterHost, target, { name: "guarded", map: "guarded", keys, protected: true });
    progress = await waitForCount(await connectReader(), { count: 200, keys, timeoutMillis: 120_000 });
  });

  test("is stopped as a whole, with a verified archive", async () => {
    await cluster.apply(spec(3, true));
    await stopped();
  });

  test("goes on with five members, every update of the job's state applied exactly once", async () => {
    await cluster.apply(spec(5, false));
    const { status } = await cluster.ready(5);
    expect(status?.jobs?.map((job) => job.status)).toEqual(["RUNNING", "RUNNING"]);
    await jobGoesOn();
  });

  test("stops again, is not started with fewer members than a protected job needs, and goes on with three", async () => {
    await cluster.apply(spec(5, true));
    await stopped();
    await cluster.apply(spec(1, false));
    const blocked = await cluster.waitFor("the refusal", ({ status }) =>
      (status?.blockedBy ?? []).some(({ check }) => check === "TooFewForJobs"),
    );
    expect(blocked.status?.blockedBy?.[0]?.remedy).toContain("spec.replicas to 3");
    await cluster.apply(spec(3, false));
    await cluster.ready(3);
    await jobGoesOn();
  });

  // Of 4.x the API takes no other than 4.5.
  const otherMinor = { "5.7.0": "5.6.0", "5.5.0": "5.7.0", "4.5.4": undefined }[version];
  if (otherMinor !== undefined) {
    test("is not restarted with another minor version, which could not go on with its jobs", async () => {
      await cluster.apply({ ...spec(3, false), version: otherMinor });
      const refused = await cluster.waitFor("the refusal", ({ status }) =>
        (status?.blockedBy ?? []).some(({ check }) => check === "MinorVersionChanged"),
      );
      expect(refused.status?.blockedBy?.[0]?.remedy).toContain(`spec.version to ${version}`);
      await cluster.apply(spec(3, false));
      await cluster.ready(3);
    });
  }

  test("is restarted with another name, more backups and other partitions, and nobody's word", async () => {
    clusterName = "renamed";
    shared = { clusterName, backupCount: 2, config: { properties: { "hazelcast.partition.count": "31" } } };
    const pods = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    await cluster.apply(spec(3, false));
    await cluster.ready(3);
    const now = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    expect(now.filter((uid) => pods.includes(uid))).toEqual([]);
    await jobGoesOn();
  });

  test("a JetCluster that is deleted and made again comes back with its jobs", async () => {
    await cluster.remove();
    await cluster.apply(spec(3, false));
    await cluster.ready(3);
    await jobGoesOn();
  });
});

test("a single member, which cannot be replaced beside another, is so through an archive", {
  timeout: 900_000,
}, async () => {
  const version = newestEngine;
  await engineImages(version);
  const solo = testedCluster(namespace, "solo");
  await solo.remove();
  const address = `solo.${namespace}.svc.cluster.local:5701`;
  const labels = client;
  const spec = (heapPercent: number): JetClusterSpecInput => ({
    ...{ replicas: 1, version, jvm: { heapPercent } },
    resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "450Mi" } },
    network: { clients: [{ podSelector: { matchLabels: labels } }] },
    losslessRestart: { mode: "Archive", archive: { storage: { size: "1Gi" } } },
  });
  let job: CountingJob | undefined;
  try {
    await solo.apply(spec(60));
    await solo.ready(1);
    job = await startCountingJob({ namespace, version, clusterName: "solo", address, labels }, { name: "alone" });
    const [before] = await solo.pods();
    await solo.apply(spec(55));
    await solo.ready(1);
    expect((await solo.pods())[0]?.metadata.uid).not.toBe(before?.metadata.uid);
    expect((await solo.read()).status?.archive).toMatchObject({ generation: 1, jobs: 1 });
    await job.goesOn();
  } finally {
    await job?.stop();
    await solo.remove();
    await solo.kubectl("delete", "persistentvolumeclaims", "solo-archive", "--ignore-not-found");
  }
});
