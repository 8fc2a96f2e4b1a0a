import { describe, expect, test } from "vitest";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { createEngineJobs } from "../../../src/engine/jobs.ts";
import { intField, longField } from "../../../src/engine/protocol/fields.ts";
import { encodeFrames } from "../../../src/engine/protocol/frames.ts";
import { clusterId, fakeMember, membersReply, memberUuid, type Reply, replyFrames, summary } from "./fake-member.ts";

const jobs = createEngineJobs({ addresses: podOrLoopbackAddresses() });
const signal = new AbortController().signal;
const clusterName = "orders";
const type = { members: 0x000300, summaries: 0xfe0f00, suspend: 0xfe0200, resume: 0xfe0900, metadata: 0x200e00 };
const other = "a1b2c3d4-0000-4000-8000-00000000000b";

const listed = (...list: Parameters<typeof summary>[0][]): Record<number, Reply | ReturnType<typeof membersReply>> => ({
  [type.members]: membersReply([other, memberUuid]),
  [type.summaries]: { fields: [list.map(summary)] },
});

async function listOf(replies: ReturnType<typeof listed>, version = "5.7.0") {
  await using member = await fakeMember(replies, version);
  const answer = await jobs.list({ address: member.address, clusterName }, signal);
  await member.allClosed();
  return answer;
}

async function oneJob(job: Parameters<typeof summary>[0]) {
  const answer = await listOf(listed(job));
  if (!answer.known) throw new Error(answer.reason);
  return answer.value.jobs[0]!;
}

const running = { id: 0x0a1b_2c3d_4e5f_0001n, name: "orders", status: 2 };

describe("the list of jobs", () => {
  test("carries the cluster's id and the master, so that two lists can be compared", async () => {
    expect(await listOf(listed())).toEqual({ known: true, value: { clusterId, master: other, jobs: [] } });
  });

  test("has ids as the engine prints them", async () => {
    expect(await oneJob(running)).toMatchObject({ id: "0a1b-2c3d-4e5f-0001", name: "orders", status: "RUNNING" });
    expect(await oneJob({ ...running, id: -1n })).toMatchObject({ id: "ffff-ffff-ffff-ffff" });
  });

  test("leaves a job without a name nameless, not named like its id", async () => {
    expect(await oneJob({ ...running, name: "0a1b-2c3d-4e5f-0001" })).toMatchObject({ name: undefined });
  });

  test.each([
    [0, "NOT_RUNNING"],
    [1, "STARTING"],
    [2, "RUNNING"],
    [3, "SUSPENDED"],
    [4, "SUSPENDED_EXPORTING_SNAPSHOT"],
    [5, "COMPLETING"],
    [6, "FAILED"],
    [7, "COMPLETED"],
    [8, "UNKNOWN"],
    [-1, "UNKNOWN"],
  ])("takes status %i for %s", async (status, name) => {
    expect(await oneJob({ ...running, status })).toMatchObject({ status: name });
  });

  test("tells who suspended a job", async () => {
    const suspended = { ...running, status: 3 };
    expect(await oneJob({ ...suspended, cause: "Requested by user" })).toMatchObject({ suspension: { by: "User" } });
    expect(await oneJob({ ...suspended, cause: "Execution failure:\nboom" })).toMatchObject({
      suspension: { by: "Engine", cause: "Execution failure: boom" },
    });
  });

  test("keeps the engine's words for a failure short and without secrets", async () => {
    const { failure } = await oneJob({ ...running, status: 6, failure: `password=hunter2 ${"at x.y ".repeat(9_000)}` });
    expect(failure).toMatch(/^password=\[redacted\] at x\.y /);
    expect(failure!.length).toBeLessThanOrEqual(200);
  });

  test("cuts a name of 64 kilobytes, and shows no control or bidi character of one", async () => {
    const { name } = await oneJob({ ...running, name: `a\u0000\u202e\u200b\n${"é".repeat(65_000)}` });
    expect(name).toHaveLength(256);
    expect(name).toMatch(/^a\ufffd{4}é+…$/);
  });

  test.each([
    ["30,000 jobs", 30_000, "", "more than 200000 frames"],
    ["5,000 jobs with names of a kilobyte", 5_000, "x".repeat(1_000), "more than 4194304 bytes"],
  ])("of 5,000 jobs is read, of %s refused", async (_, count, name, reason) => {
    const some = Array.from({ length: 5_000 }, (_, index) => ({ ...running, id: BigInt(index) }));
    const answer = await listOf(listed(...some));
    expect(answer.known && answer.value.jobs).toHaveLength(5_000);
    const tooMany = Array.from({ length: count }, () => ({ ...running, name }));
    expect(await listOf(listed(...tooMany))).toEqual({ known: false, reason: `Malformed: ${reason}` });
  });
});

describe("Jet 4.x, asked job by job", () => {
  const ids = (...list: bigint[]): Reply => ({ fields: [Buffer.concat(list.map(longField))] });
  const gone: Reply = { error: { className: "com.hazelcast.jet.core.JobNotFoundException", message: "no such job" } };
  const notMaster: Reply = {
    error: { className: "com.hazelcast.jet.JetException", message: "Cannot query list of job ids on non-master node" },
  };

  test("a job that is gone between the questions is left out", async () => {
    const answer = await listOf({ ...listed(), 16647168: ids(1n, 2n), 16646912: gone }, "4.2.6");
    expect(answer).toMatchObject({ known: true, value: { jobs: [] } });
  });

  test("jobs are asked many at a time, so that a long list ends within its deadline", async () => {
    const held: (() => void)[] = [];
    const status: Reply = {
      // Answers only when sixteen questions are waiting: never, for one who asks one by one.
      raw: (socket, question) => {
        held.push(() => socket.write(encodeFrames(replyFrames(question, [intField(7)], []))));
        if (held.length === 16) for (const release of held.splice(0)) release();
      },
    };
    const many = Array.from({ length: 64 }, (_, index) => BigInt(index));
    const answer = await listOf({ ...listed(), 16647168: ids(...many), 16646912: status, 16648192: gone }, "4.2.6");
    expect(answer).toMatchObject({ known: true });
  });

  test("a member that is not the master makes the list unknown, not empty", async () => {
    const answer = await listOf({ ...listed(), 16647168: notMaster }, "4.2.6");
    expect(answer).toEqual({
      known: false,
      reason: "Refused: JetException: Cannot query list of job ids on non-master node",
    });
  });

  test("and so does one that stops being it between the questions", async () => {
    const answer = await listOf({ ...listed(), 16647168: ids(1n), 16646912: notMaster }, "4.2.6");
    expect(answer).toMatchObject({ known: false });
  });
});

describe("commands", () => {
  const id = "0a1b-2c3d-4e5f-0001";
  const refusing: Reply = {
    error: { className: "java.lang.IllegalStateException", message: "job status is COMPLETING" },
  };

  test.each([
    ["5.7.0", 8 + 4 + 17],
    ["4.2.6", 8 + 4],
  ])("suspend asks %s for a graceful suspension, in its own form", async (version, length) => {
    let sent: Buffer = Buffer.alloc(0);
    const done = (question: { fixed: Buffer }): Reply => {
      sent = question.fixed.subarray(16);
      return {};
    };
    await using member = await fakeMember({ [type.suspend]: done }, version);
    const answer = await jobs.suspend({ address: member.address, clusterName }, id, signal);
    expect(answer).toEqual({ known: true, value: "Asked" });
    expect(sent).toHaveLength(length);
    expect([sent.readBigInt64LE(0), sent.readInt32LE(8)]).toEqual([0x0a1b_2c3d_4e5f_0001n, 2]);
  });

  test("the engine's refusal is told in its words", async () => {
    await using member = await fakeMember({ [type.suspend]: refusing, [type.resume]: refusing });
    const asked = { address: member.address, clusterName };
    const refused = { known: false, reason: "Refused: IllegalStateException: job status is COMPLETING" };
    expect(await jobs.suspend(asked, id, signal)).toEqual(refused);
    expect(await jobs.resume(asked, id, signal)).toEqual(refused);
  });

  test.each(["", "1", "0a1b-2c3d-4e5f-000", "0A1B-2C3D-4E5F-0001", "0a1b-2c3d-4e5f-0001\n"])(
    "job id %j is a mistake of the caller",
    async (wrong) => {
      await using member = await fakeMember({});
      await expect(jobs.resume({ address: member.address, clusterName }, wrong, signal)).rejects.toThrow(
        /four groups of four hexadecimal digits/,
      );
      await member.allClosed();
    },
  );
});

describe("cluster metadata", () => {
  const metadata = (state: number): Reply => ({
    fixed: [Buffer.from([state]), longField(1_700_000_000_000n), Buffer.alloc(17)],
    fields: [Buffer.from("5.7.0"), null],
  });

  test.each(["ACTIVE", "NO_MIGRATION", "FROZEN", "PASSIVE", "IN_TRANSITION"])("ordinal %# is %s", async (name) => {
    const ordinal = ["ACTIVE", "NO_MIGRATION", "FROZEN", "PASSIVE", "IN_TRANSITION"].indexOf(name);
    await using member = await fakeMember({ [type.metadata]: metadata(ordinal) });
    const answer = await jobs.metadata({ address: member.address, clusterName }, signal);
    expect(answer).toEqual({ known: true, value: { clusterId, state: name, memberVersion: "5.7.0" } });
  });

  test("an ordinal that we do not know is no evidence", async () => {
    await using member = await fakeMember({ [type.metadata]: metadata(5) });
    const answer = await jobs.metadata({ address: member.address, clusterName }, signal);
    expect(answer).toEqual({ known: false, reason: "Malformed: cluster state 5" });
  });
});

describe("who is asked", () => {
  test("addresses that no pod has are never dialled", async () => {
    const answer = await createEngineJobs().list({ address: { host: "127.0.0.1", port: 5701 }, clusterName }, signal);
    expect(answer).toEqual({ known: false, reason: "Refused: a loopback address is never asked" });
  });

  test("a member of another cluster lets nobody in", async () => {
    const status = Buffer.concat([Buffer.from([1]), Buffer.alloc(60)]);
    await using member = await fakeMember({ 256: { fixed: [status], fields: [null, Buffer.from("5.7.0")] } });
    const answer = await jobs.list({ address: member.address, clusterName }, signal);
    expect(answer).toEqual({
      known: false,
      reason: "Refused: AuthenticationException: the cluster name is another",
    });
    expect(member.asked).toEqual([0x000100]);
    await member.allClosed();
  });

  test("a version that is none is no evidence", async () => {
    expect(await listOf(listed(), "latest")).toEqual({
      known: false,
      reason: "Malformed: a server version that is none",
    });
  });
});

test("the partition count of a member that has none is no evidence", async () => {
  const fixed = [Buffer.alloc(1), Buffer.alloc(17), Buffer.from([1]), intField(0), Buffer.alloc(18)];
  await using member = await fakeMember({ 256: { fixed, fields: [null, Buffer.from("5.7.0")] } });
  expect(await jobs.list({ address: member.address, clusterName }, signal)).toEqual({
    known: false,
    reason: "Malformed: 0 partitions",
  });
});
