import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JetCluster, JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { annotation, label } from "../../src/api/names.ts";
import { up } from "../cluster/cluster.ts";
import { until } from "../cluster/run.ts";
import { requestsOf } from "./api-requests.ts";
import { type CountingJob, startCountingJob } from "./counting-job.ts";
import { engineImages, testedEngines } from "./engines.ts";
import { sampleHealth } from "./health-sampler.ts";
import { condition, type TestedCluster, testedCluster } from "./jet-clusters.ts";
import { departures, goneTogether, wrongDepartures } from "./leaving.ts";
import { installOperator, type Release } from "./operator-release.ts";

/**
 * What users change, and what they are kept from, on one cluster with one job whose every update is checked. The tests of
 * an engine stand in the order of its life, and each needs those before it.
 */
const namespace = "jet-e2e-life";
const clients = { "jet-e2e/client": "yes" };

let operator: Release;

beforeAll(async () => {
  await up({}, console.log);
  operator = await installOperator({ name: "life", watches: [namespace] });
});
afterAll(async () => {
  await operator?.end();
});

describe.each(testedEngines)("the life of a cluster of %s", (version) => {
  let cluster: TestedCluster;
  let job: CountingJob | undefined;
  let failed = false;
  /** 4.x cannot change the quorum of a job. */
  const refreshesQuorum = version.startsWith("5.");

  const spec = (replicas: number, more: Partial<JetClusterSpecInput> = {}): JetClusterSpecInput => ({
    replicas,
    version,
    resources: { requests: { cpu: "50m", memory: "300Mi" }, limits: { memory: "400Mi" } },
    network: { clients: [{ podSelector: { matchLabels: clients } }] },
    ...more,
  });
  const submit = () => {
    const address = `orders.${namespace}.svc.cluster.local:5701`;
    return startCountingJob(
      { namespace, version, clusterName: "orders", address, labels: clients },
      { name: "counter" },
    );
  };

  beforeAll(async () => {
    await engineImages(version);
    cluster = testedCluster(namespace, "orders");
    await cluster.remove();
  });
  afterEach(({ task }) => {
    failed ||= task.result?.state === "fail";
  });
  afterAll(async () => {
    if (failed) console.error((await operator.log()).split("\n").slice(-60).join("\n"));
    await job?.stop();
    await cluster.remove();
  });

  /** Waits until status has this reason in `blockedBy`. @returns it. */
  async function heldUpBy(check: string) {
    const found = ({ status }: JetCluster) => status?.blockedBy?.find((reason) => reason.check === check);
    const held = await cluster.waitFor(check, (now) => found(now) !== undefined, 120_000);
    return found(held)!;
  }

  async function replicas(): Promise<number | undefined> {
    const set = (await cluster.api.request("GET", cluster.at("apps/statefulsets", "orders"))) as {
      spec: { replicas?: number };
    };
    return set.spec.replicas;
  }

  /** The sizes of a member's view in its own log, and `leaves` where a member asked it to be let go. */
  async function membershipLog(pod: string): Promise<string[]> {
    const log = await cluster.kubectl("logs", pod);
    return [...log.matchAll(/Members \{size:(\d+)|Shutdown request of/g)].map(([, size]) => size ?? "leaves");
  }

  const pods = async () => (await cluster.pods()).map(({ metadata }) => metadata.uid);
  const master = async () => (await cluster.read()).status?.members?.find((member) => member.master)?.pod;
  const annotate = (name: string, value: string) =>
    cluster.kubectl("annotate", "--overwrite", "jetcluster", "orders", `${name}=${value}`);

  /** As somebody would from outside; the engine's own script sends the same. */
  async function setClusterState(to: "active" | "passive"): Promise<void> {
    const path = `${cluster.at("pods", "orders-0:5701")}/proxy/hazelcast/rest/management/cluster/changeState`;
    await cluster.api.request("POST", path, `orders&&${to}`, "application/x-www-form-urlencoded");
  }

  /** Runs the command that a remedy names, as a person would. */
  async function follow(remedy: string): Promise<void> {
    const [, words = ""] = /kubectl (annotate .*)$/.exec(remedy) ?? [];
    await cluster.kubectl(...words.split(" "));
  }

  /** What `kubectl describe` tells of decisions: the events, a line each, without their age. */
  async function expectTold(...lines: readonly RegExp[]): Promise<void> {
    const text = await cluster.kubectl("describe", "jetcluster", "orders");
    const events = text.slice(text.indexOf("\nEvents:")).replace(/ {2,}/g, " | ");
    for (const line of lines) expect(events).toMatch(line);
  }

  test("two of five members leave one after the other, two come, and the job loses nothing", async () => {
    await cluster.apply(spec(5));
    await cluster.ready(5);
    job = await submit();
    const since = Date.now();
    const health = sampleHealth(cluster);
    try {
      await cluster.apply(spec(3));
      await cluster.ready(3);
      await job.goesOn();
      await cluster.apply(spec(5));
      await cluster.ready(5);
      await job.goesOn();
    } finally {
      await health.stop();
    }
    const samples = await health.stop();
    const left = departures(operator.user, cluster, since);
    expect(left.map((each) => each.pods)).toEqual([["orders-4"], ["orders-3"]]);
    expect(wrongDepartures(left, samples, [5, 4])).toEqual([]);
    expect(goneTogether(samples, left)).toEqual([]);
    // As the master saw it: each asks to leave, and has left before the next one asks.
    expect((await membershipLog("orders-0")).join(" ")).toMatch(/5 leaves 4 leaves 3 /);
    await expectTold(
      /Normal \| Scale \|.*Shrinking from 5 to 3: member 4 leaves\./,
      /Normal \| Scale \|.*Member 3 leaves\./,
      /Normal \| WriteLedger \|.*Shrunk to 3 members\./,
      /Normal \| Scale \|.*Growing from 3 to 5 members\./,
      /Normal \| WriteLedger \|.*Grown to 5 members\./,
      /Normal \| Ready \|.*One view of 5 members, all safe\./,
    );
  });

  test("a paused cluster is left alone while status goes on telling; then a PASSIVE that a person set is named", async () => {
    await annotate(annotation.paused, "true");
    await heldUpBy("Paused");
    const since = Date.now();
    await cluster.apply(spec(3));
    await setClusterState("passive");
    await cluster.waitFor("PASSIVE in status", ({ status }) => status?.clusterState === "PASSIVE", 120_000);
    const written = requestsOf(operator.user, since).filter(({ verb }) => !["get", "list", "watch"].includes(verb));
    expect(written.map(({ resource }) => resource).filter((resource) => resource !== "leases")).toEqual(
      expect.arrayContaining(["jetclusters/status"]),
    );
    const besides = ["leases", "events", "jetclusters/status"];
    expect(written.filter(({ resource }) => !besides.includes(resource))).toEqual([]);
    await cluster.kubectl("annotate", "jetcluster", "orders", `${annotation.paused}-`);
    const { observed, remedy } = await heldUpBy("ForeignClusterState");
    expect(observed).toContain("PASSIVE");
    expect(remedy).toContain("change-state");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await replicas()).toBe(5);
    expect((await cluster.read()).status?.clusterState).toBe("PASSIVE");
    const back = Date.now();
    await setClusterState("active");
    await cluster.ready(3);
    expect(departures(operator.user, cluster, since).filter(({ at }) => at < back)).toEqual([]);
    await expectTold(
      /Warning \| Paused \|.*annotation jet-operator.io\/paused is true/,
      /Warning \| ForeignClusterState \|.*cluster state PASSIVE\./,
    );
    await job?.goesOn();
  });

  test("a roll with Suspend suspends the job, replaces one member after the other, the master last, and lets it go on", async () => {
    await cluster.apply(spec(3, { jobs: { duringDisruption: "Suspend" } }));
    await cluster.ready(3);
    const before = await pods();
    const last = await master();
    const since = Date.now();
    const health = sampleHealth(cluster);
    try {
      await annotate(annotation.restartAt, "one");
      await cluster.waitFor("the job to be suspended", ({ status }) =>
        Boolean(status?.jobs?.some((each) => each.name === "counter" && each.status === "SUSPENDED")),
      );
      await cluster.waitFor(
        "the roll to end",
        ({ status }) => status?.lastOperation?.kind === "Roll" && !status.operation,
      );
      await cluster.ready(3);
    } finally {
      await health.stop();
    }
    const left = departures(operator.user, cluster, since);
    expect(left.map((each) => each.pods[0]).sort()).toEqual(["orders-0", "orders-1", "orders-2"]);
    expect(left.at(-1)?.pods).toEqual([last]);
    expect(wrongDepartures(left, await health.stop(), [3, 3, 3])).toEqual([]);
    expect((await pods()).filter((uid) => before.includes(uid))).toEqual([]);
    await job?.goesOn();
    await expectTold(
      /Normal \| WriteTemplate \|.*Writing the new pod template\./,
      /Normal \| SuspendJob \|.*Suspending job counter \(/,
      /Normal \| WriteLedger \|.*Every job that was to be suspended is suspended\./,
      /Normal \| DeletePod \|.*Replacing orders-2: 3 of 3 to go\./,
      /Normal \| ResumeJob \|.*Resuming job counter \(/,
      /Normal \| WriteLedger \|.*Rolled out to 3 members\./,
    );
  });

  test("a bad image costs one pod, which is not the master's; status says why, and the old spec brings all back", async () => {
    await cluster.apply(spec(3));
    const lead = await master();
    expect(lead).not.toBe("orders-0");
    const since = Date.now();
    const repository = "registry.invalid/none";
    await cluster.apply(spec(3, { image: { repository } }));
    const held = await cluster.waitFor("the pod's trouble", ({ status }) =>
      /ErrImagePull|ImagePullBackOff/.test(JSON.stringify(status?.blockedBy ?? [])),
    );
    expect(condition(held, "Ready")?.status).toBe("False");
    // Protected, and once on five members: two are too few for it.
    await cluster.waitFor("the job to be named", (now) =>
      /^counter \(.*\) is not running \(it needs 3 members\)\.$/.test(condition(now, "JobsHealthy")?.message ?? ""),
    );
    const [first, ...others] = departures(operator.user, cluster, since);
    expect(others).toEqual([]);
    expect(first?.pods).not.toEqual([lead]);
    await cluster.apply(spec(3));
    await cluster.ready(3);
    const again = departures(operator.user, cluster, since);
    expect(again.map((each) => each.pods)).toEqual([first?.pods, first?.pods]);
    await job?.goesOn();
  });

  test("a shrink that would strand a protected job is refused, with the job and what helps", async () => {
    await cluster.apply(spec(1));
    const { observed, remedy } = await heldUpBy("JobsWouldStrand");
    expect(observed).toMatch(/^counter \(.*\) needs 3 members$/);
    expect(remedy).toContain("keep at least 3 members, or cancel these jobs");
    expect(remedy.includes("quorumRefresh: Automatic")).toBe(refreshesQuorum);
    expect(await replicas()).toBe(3);
    await expectTold(/Warning \| JobsWouldStrand \|.*counter \(.*\) needs 3 members\. .*keep at least 3 members/i);
    await cluster.apply(spec(3));
    await cluster.ready(3);
    await job?.goesOn();
  });

  test("all members killed at once: the loss is named, no job is called healthy, and a word lets it go on", async () => {
    await job?.stop();
    job = undefined;
    await cluster.kubectl("delete", "pods", "-l", `${label.cluster}=orders`, "--grace-period=0", "--force");
    const lost = await cluster.waitFor("StateLost", (now) => condition(now, "StateLost")?.status === "True");
    expect(condition(lost, "JobsHealthy")).toMatchObject({ status: "False", reason: "StateLost" });
    expect(condition(lost, "JobsHealthy")?.message).toContain("counter");
    const { remedy } = await heldUpBy("StateLost");
    expect(condition(await cluster.read(), "Ready")?.status).not.toBe("True");
    await follow(remedy);
    const well = await cluster.ready(3);
    expect(condition(well, "StateLost")?.status).toBe("False");
    expect(well.status?.jobs ?? []).toEqual([]);
    await expectTold(
      /Warning \| StateLost \|.*all members were replaced at once .*; jobs that ran: counter/,
      /Normal \| WriteLedger \|.*The loss of state has been taken note of\./,
    );
  });

  test.runIf(refreshesQuorum)("with quorumRefresh Automatic the protected job comes along to one member", async () => {
    job = await submit();
    const since = Date.now();
    const health = sampleHealth(cluster);
    try {
      await cluster.apply(spec(1, { jobs: { quorumRefresh: "Automatic" } }));
      await cluster.ready(1);
    } finally {
      await health.stop();
    }
    const left = departures(operator.user, cluster, since);
    expect(left.map((each) => each.pods)).toEqual([["orders-2"], ["orders-1"]]);
    expect(wrongDepartures(left, await health.stop(), [3, 2])).toEqual([]);
    await cluster.waitFor("the job to run", ({ status }) =>
      Boolean(status?.jobs?.some((each) => each.name === "counter" && each.status === "RUNNING" && each.quorum === 1)),
    );
    await job.goesOn();
    await job.stop();
    job = undefined;
    await expectTold(
      /Normal \| SetJobProtection \|.*Refreshing the quorum of job counter \(.*: protection off\./,
      /Normal \| SetJobProtection \|.*Refreshing the quorum of job counter \(.*: protection on\./,
      /Normal \| WriteLedger \|.*Shrunk to 1 members\./,
    );
  });

  test("one member cannot be rolled: a restart is refused as it would lose state, and done on somebody's word", async () => {
    await cluster.apply(spec(1));
    await cluster.ready(1);
    const before = await pods();
    await annotate(annotation.restartAt, "two");
    const { remedy } = await heldUpBy("NotLossless");
    expect(await pods()).toEqual(before);
    await follow(remedy);
    await until(
      "another pod",
      async () => {
        const [uid] = await pods();
        return uid !== undefined && !before.includes(uid) ? true : undefined;
      },
      { timeoutMillis: 300_000 },
    );
    const well = await cluster.ready(1);
    expect(condition(well, "StateLost")?.status).toBe("False");
    await expectTold(
      /Warning \| NotLossless \|.*losslessRestart.mode is Disabled/,
      /Normal \| Scale \|.*Stopping all 1 members; the jobs' state is given up, as accepted\./,
    );
  });
});
