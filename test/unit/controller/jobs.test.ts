import { describe, expect, test } from "vitest";
import { createJobSource, type JobQuestion, sideKeys } from "../../../src/controller/jobs.ts";
import { createSnapshotSource } from "../../../src/controller/snapshots.ts";
import type { KnownMember } from "../../../src/core/evidence/observation.ts";
import type { Answer } from "../../../src/engine/answer.ts";
import type { EngineJobs, JobDetails, JobList, JobStatus } from "../../../src/engine/jobs.ts";
import { observe } from "../core/observation-fixture.ts";

const { signal } = new AbortController();
const members = (size: number) => observe({ size }).members.filter((m): m is KnownMember => m.known);
const question = (more: Partial<JobQuestion> = {}): JobQuestion => ({
  members: members(3),
  clusterName: "orders",
  quiet: false,
  ...more,
});

/** An engine with one job, whose status and snapshot a test changes. */
function engine() {
  const state = { status: "RUNNING" as JobStatus, snapshot: 1, known: true, suspended: false, lists: 0 };
  const list = async (): Promise<Answer<JobList>> => {
    state.lists += 1;
    if (!state.known) return { known: false, reason: "NoAnswer" };
    const suspension = state.status === "SUSPENDED" ? ({ by: "User" } as const) : undefined;
    const light = false;
    const job = { id: "j", name: "j", status: state.status, light, submittedAt: 0, userCancelled: false, suspension };
    return { known: true, value: { clusterId: "c", master: "m", jobs: [{ ...job, failure: undefined }] } };
  };
  const details = async (): Promise<Answer<ReadonlyMap<string, JobDetails>>> => {
    const stats = { snapshotId: state.snapshot, startedAt: 10, endedAt: 20, bytes: 0, keys: 0, chunks: 0 };
    const record = {
      quorumSize: 0,
      snapshot: { id: state.snapshot, dataMapIndex: 0, stats },
      lastSnapshotFailure: undefined,
      exportedSnapshotName: undefined,
      suspension: state.suspended ? ({ by: "User" } as const) : undefined,
      executed: true,
      timestamp: 30,
    };
    const config = {
      name: "j",
      guarantee: "EXACTLY_ONCE" as const,
      snapshotIntervalMillis: 5_000,
      autoScaling: false,
      suspendOnFailure: true,
      splitBrainProtection: false,
    };
    const found: JobDetails = { config: { known: true, value: config }, record: { known: true, value: record } };
    return { known: true, value: new Map([["j", found]]) };
  };
  return { state, jobs: { list, details } as unknown as EngineJobs };
}

const sourceOf = (jobs: EngineJobs) =>
  createJobSource(
    jobs,
    createSnapshotSource(
      jobs,
      () => 0,
      () => undefined,
    ),
    () => 0,
  );

async function jobAt(source: ReturnType<typeof createJobSource>, key = "a/b", asked = question()) {
  const facts = await source.observe(key, asked, signal);
  return facts.known ? facts.jobs[0] : undefined;
}

describe("what is remembered of a job", () => {
  test("is its snapshot when it was last seen active, over lists that nobody gave and while it is suspended", async () => {
    const { state, jobs } = engine();
    const source = sourceOf(jobs);
    await jobAt(source);
    expect((await jobAt(source))?.lastActive).toBeUndefined();
    state.known = false;
    await jobAt(source);
    Object.assign(state, { known: true, status: "SUSPENDED", snapshot: 2, suspended: true });
    await jobAt(source);
    for (let look = 0; look < 2; look += 1) {
      const job = await jobAt(source);
      expect(job).toMatchObject({ status: "SUSPENDED", lastActive: { snapshot: { id: 1 } }, recordedAt: 30 });
    }
  });

  test("does not take a record that says suspended already for that of an active job", async () => {
    const { state, jobs } = engine();
    const source = sourceOf(jobs);
    await jobAt(source);
    await jobAt(source);
    Object.assign(state, { snapshot: 2, suspended: true });
    expect((await jobAt(source))?.suspension).toBe("");
    state.status = "SUSPENDED";
    expect((await jobAt(source))?.lastActive).toEqual({ snapshot: { id: 1, startedAt: 10, endedAt: 20 } });
  });

  test("is forgotten with the cluster, and so is what its sides said", async () => {
    const { jobs } = engine();
    const source = sourceOf(jobs);
    const side = sideKeys("a/b")[1] ?? "";
    for (const key of ["a/b", side, "a/b", side, "a/b", side]) await jobAt(source, key);
    expect((await jobAt(source, side))?.lastActive).toBeDefined();
    source.forget("a/b");
    for (const key of ["a/b", side]) {
      expect(await jobAt(source, key)).toBeUndefined();
      expect((await jobAt(source, key))?.lastActive).toBeUndefined();
    }
  });
});

test("an answer of some seconds ago does at rest, but not of other members", async () => {
  const { state, jobs } = engine();
  const source = sourceOf(jobs);
  const quiet = question({ quiet: true });
  await jobAt(source, "a/b", quiet);
  await jobAt(source, "a/b", quiet);
  await jobAt(source, "a/b", quiet);
  expect(state.lists).toBe(2);
  await jobAt(source, "a/b", { ...quiet, members: members(2) });
  expect(state.lists).toBe(3);
});
