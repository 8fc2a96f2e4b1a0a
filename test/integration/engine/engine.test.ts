import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import type { Answer } from "../../../src/engine/answer.ts";
import { createEngineJobs, type JobDetails, type JobStatus } from "../../../src/engine/jobs.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { eventually } from "./eventually.ts";
import { clusterName, enginesToTest, startCluster, type TestCluster } from "./members.ts";
import { officialClient } from "./official-client.ts";

const addresses = podOrLoopbackAddresses();
const rest = createEngineRest({ addresses });
const jobs = createEngineJobs({ addresses });
const signal = new AbortController().signal;
const statuses: JobStatus[] = [
  "NOT_RUNNING",
  "STARTING",
  "RUNNING",
  "SUSPENDED",
  "SUSPENDED_EXPORTING_SNAPSHOT",
  "COMPLETING",
  "FAILED",
  "COMPLETED",
];

function told<T>(answer: Answer<T>): T {
  if (!answer.known) throw new Error(answer.reason);
  return answer.value;
}

describe.each(enginesToTest())("a real cluster of two members of %s", (version) => {
  let cluster: TestCluster;
  const jobOf = { counter: "", nameless: "", broken: "" };
  const asked = (index = 0) => ({ address: cluster.members[index]!.address, clusterName });
  const list = async (index = 0) => told(await jobs.list(asked(index), signal)).jobs;
  const statusOf = async (id: string) => (await list()).find((job) => job.id === id)?.status;
  const reaches = (id: string, status: JobStatus) =>
    eventually(
      () => statusOf(id),
      (now) => now === status,
    );
  const detailsOf = async (id: string): Promise<JobDetails> => told(await jobs.details(asked(), [id], signal)).get(id)!;
  const recordOf = async (id: string) => told((await detailsOf(id)).record)!;

  beforeAll(async () => {
    cluster = await startCluster({ version, size: 2 });
    const [first] = cluster.members;
    const safe = await eventually(
      () => rest.health(first!.address, signal),
      (h) => h.known && h.value.clusterSafe && h.value.clusterSize === 2,
    );
    expect(safe.known).toBe(true);
    jobOf.counter = await first!.command("submit counter EXACTLY_ONCE true true 1000 10 100");
    jobOf.nameless = await first!.command("submit - NONE false false 10000 10 1");
    jobOf.broken = await first!.command("fail broken");
    await reaches(jobOf.counter, "RUNNING");
    await reaches(jobOf.nameless, "RUNNING");
    await reaches(jobOf.broken, "SUSPENDED");
  }, 600_000);

  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test("every member is ready, active, safe, and has the same view in the same order", async () => {
    const views = await Promise.all(cluster.members.map(async ({ address }) => told(await rest.view(address, signal))));
    const orders = views.map((view) => view.members.map((member) => member.uuid));
    expect(orders[1]).toEqual(orders[0]);
    for (const [index, { address }] of cluster.members.entries()) {
      expect(views[index]!.members.find((member) => member.local)!.address).toBe(`[${address.host}]:5701`);
      expect(await rest.ready(address, signal)).toEqual({ known: true, value: true });
      expect(told(await rest.health(address, signal))).toMatchObject({
        nodeState: "ACTIVE",
        clusterState: "ACTIVE",
        clusterSize: 2,
      });
    }
  });

  test("every member lists the same jobs, as the engine's Java API and the official client do", async () => {
    await using official = await officialClient(cluster.members[0]!, version);
    for (const [index, member] of cluster.members.entries()) {
      const listed = await list(index);
      const ours = listed.map((job) => `${job.id} ${job.name ?? "null"} ${job.status}`).sort();
      const java = (await member.command("jobs"))
        .split(";")
        .filter((job) => job !== "")
        .sort();
      const node = (await official.jobs()).map((job) => `${job.id} ${statuses[job.status]}`).sort();
      expect(ours).toEqual(java);
      expect(listed.map((job) => `${job.id} ${job.status}`).sort()).toEqual(node);
    }
  });

  test("a list names the cluster and the master, the same from every member", async () => {
    const lists = await Promise.all([0, 1].map(async (index) => told(await jobs.list(asked(index), signal))));
    const view = told(await rest.view(cluster.members[1]!.address, signal));
    const metadata = told(await jobs.metadata(asked(1), signal));
    for (const { clusterId, master } of lists)
      expect({ clusterId, master }).toEqual({ clusterId: metadata.clusterId, master: view.members[0]!.uuid });
  });

  test("configuration and record of a protected job tell its quorum and its last snapshot, from any member", async () => {
    const first = await eventually(
      () => recordOf(jobOf.counter),
      (record) => record.snapshot !== undefined,
    );
    const other = told(await jobs.details(asked(1), [jobOf.counter], signal)).get(jobOf.counter)!;
    expect(told(other.config)).toEqual({
      name: "counter",
      guarantee: "EXACTLY_ONCE",
      snapshotIntervalMillis: 1_000,
      autoScaling: true,
      suspendOnFailure: true,
      splitBrainProtection: true,
    });
    expect(told(other.record)!.snapshot!.id).toBeGreaterThanOrEqual(first.snapshot!.id);
    expect(first).toMatchObject({ quorumSize: 2, suspension: undefined, executed: true });
  });

  test("a job that the engine suspended says why", async () => {
    const cause = { by: "Engine", cause: expect.stringMatching(/broken on purpose/) };
    expect((await list()).find((job) => job.id === jobOf.broken)!.suspension).toEqual(cause);
    expect((await recordOf(jobOf.broken)).suspension).toEqual(cause);
  });

  test("suspend and resume take effect, and a refused one says so", async () => {
    expect(await jobs.suspend(asked(1), jobOf.counter, signal)).toEqual({ known: true, value: "Asked" });
    await reaches(jobOf.counter, "SUSPENDED");
    const job = (await list()).find((each) => each.id === jobOf.counter)!;
    expect(job.suspension).toEqual({ by: "User" });
    expect(await cluster.members[0]!.command("jobs")).toContain(`${jobOf.counter} counter SUSPENDED`);
    const again = await jobs.suspend(asked(), jobOf.counter, signal);
    expect(again).toEqual({
      known: false,
      reason: expect.stringMatching(/^Refused: IllegalStateException: .*SUSPENDED/),
    });
    expect(await jobs.resume(asked(1), jobOf.counter, signal)).toEqual({ known: true, value: "Asked" });
    await reaches(jobOf.counter, "RUNNING");
  });

  test("the protection of a suspended job is switched off and on where the engine can", async () => {
    const early = await jobs.setProtection(asked(), jobOf.counter, "Off", signal);
    expect(early).toEqual({ known: false, reason: expect.stringMatching(/^Refused: /) });
    await jobs.suspend(asked(), jobOf.counter, signal);
    await reaches(jobOf.counter, "SUSPENDED");
    const off = await jobs.setProtection(asked(1), jobOf.counter, "Off", signal);
    if (version.startsWith("4.")) {
      expect(off).toEqual({ known: false, reason: expect.stringMatching(/^Refused: .*Unrecognized client message/) });
    } else {
      expect(told(off).splitBrainProtection).toBe(false);
      expect((await recordOf(jobOf.counter)).quorumSize).toBe(0);
      expect(told(await jobs.setProtection(asked(), jobOf.counter, "On", signal)).splitBrainProtection).toBe(true);
    }
    expect((await recordOf(jobOf.counter)).quorumSize).toBe(2);
    await jobs.resume(asked(), jobOf.counter, signal);
    await reaches(jobOf.counter, "RUNNING");
  });

  test("a small job's snapshots are whole by the engine's own counts", async () => {
    const check = told(
      await eventually(
        () => jobs.checkSnapshot(asked(), jobOf.counter, { snapshots: 1, watchMillis: 60_000 }, signal),
        (answer) => answer.known,
      ),
    );
    expect(check.emitted).toBeGreaterThanOrEqual(10);
    expect(check.stored).toBe(check.emitted);
  });

  test("a job that nobody has is refused, and has no record", async () => {
    const { config, record } = await detailsOf("0000-0000-0000-0001");
    expect(config).toEqual({ known: false, reason: expect.stringMatching(/^Refused: JobNotFoundException/) });
    expect(record).toEqual({ known: true, value: undefined });
    expect(await jobs.suspend(asked(), "0000-0000-0000-0001", signal)).toMatchObject({ known: false });
  });

  test("a cluster of another name is not let in by either way", async () => {
    const { address } = cluster.members[0]!;
    const other = "orders&state=x /?";
    expect(await jobs.list({ address, clusterName: other }, signal)).toEqual({
      known: false,
      reason: "Refused: AuthenticationException: the cluster name is another",
    });
    expect(await rest.clusterState(address, other, signal)).toEqual({
      known: false,
      reason: "Refused: status 403, unauthenticated",
    });
  });

  test("PASSIVE stops the jobs, refuses commands, still answers every question, and ends with ACTIVE", async () => {
    const change = (to: "PASSIVE" | "ACTIVE") =>
      rest.changeState(cluster.members[0]!.address, { clusterName, to, deadlineMillis: 120_000 }, signal);
    expect(told(await change("PASSIVE"))).toEqual({ changed: true, state: "PASSIVE" });
    expect(told(await change("PASSIVE"))).toEqual({ changed: false, state: "PASSIVE" });
    expect(told(await jobs.metadata(asked(1), signal)).state).toBe("PASSIVE");
    expect(told(await rest.clusterState(cluster.members[1]!.address, clusterName, signal))).toBe("PASSIVE");
    expect(await statusOf(jobOf.counter)).toBe("NOT_RUNNING");
    expect((await recordOf(jobOf.counter)).snapshot).toBeDefined();
    expect(await jobs.resume(asked(), jobOf.broken, signal)).toMatchObject({ known: false });
    expect(told(await change("ACTIVE"))).toEqual({ changed: true, state: "ACTIVE" });
    await reaches(jobOf.counter, "RUNNING");
  });

  test("no question left a connection behind", async () => {
    const { host, port } = cluster.members[0]!.address;
    const one = connect(port, host);
    await once(one, "connect");
    expect(openConnections(port)).toBe(1);
    one.destroy();
    expect(
      await eventually(
        async () => openConnections(port),
        (count) => count === 0,
      ),
    ).toBe(0);
  });

  test("after the master's death the other member's list names it as master, in the same cluster, with all jobs", async () => {
    const before = told(await jobs.list(asked(1), signal));
    await cluster.members[0]!.kill();
    const after = await eventually(
      () => jobs.list(asked(1), signal),
      (answer) => answer.known && answer.value.master !== before.master && answer.value.jobs.length > 0,
    );
    const { clusterId, master, jobs: left } = told(after);
    expect(clusterId).toBe(before.clusterId);
    expect(master).toBe(told(await rest.view(cluster.members[1]!.address, signal)).members[0]!.uuid);
    expect(left.map((job) => job.id).sort()).toEqual(before.jobs.map((job) => job.id).sort());
    // Two of two are needed, one is left: the engine keeps it waiting for ever.
    const waiting = await eventually(
      () => jobs.list(asked(1), signal),
      (answer) => statusIn(answer, jobOf.counter) === "NOT_RUNNING",
    );
    expect(waiting.known).toBe(true);
    const details = told(await jobs.details(asked(1), [jobOf.counter], signal)).get(jobOf.counter)!;
    expect(told(details.record)!.quorumSize).toBe(2);
  });

  test("a dead member is unknown by both ways", async () => {
    expect(await jobs.list(asked(0), signal)).toEqual({ known: false, reason: "NoAnswer: connection refused" });
    expect(await rest.health(asked(0).address, signal)).toEqual({
      known: false,
      reason: "NoAnswer: connection refused",
    });
  });
});

function statusIn(answer: Awaited<ReturnType<typeof jobs.list>>, id: string): JobStatus | undefined {
  return answer.known ? answer.value.jobs.find((job) => job.id === id)?.status : undefined;
}

/** Connections from 127.0.0.1 to this port; the members' own come from their own addresses. By the kernel's table. */
function openConnections(port: number): number {
  const remotePort = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/self/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, remote, state]) => {
      return local?.startsWith("0100007F:") && remote?.endsWith(`:${remotePort}`) && state === "01";
    }).length;
}
