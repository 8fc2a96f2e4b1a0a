import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readExecutionRecord, readJobConfig, readSuspensionCause } from "../../../src/engine/job-data.ts";
import { readJobMetrics } from "../../../src/engine/job-metrics.ts";
import type { Job } from "../../fake-enterprise/facts.ts";
import { configData, metricsData, recordData, suspensionData } from "../../fake-enterprise/job-bytes.ts";

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/engine/5.7.0/jobs.json"), "utf8"),
) as Record<string, { readonly id: string; readonly config: string; readonly record: string }>;

const job: Job = {
  id: "1058727894c00001",
  name: "counter",
  guarantee: "EXACTLY_ONCE",
  protection: true,
  intervalMillis: 1_000,
  status: "RUNNING",
  submittedAt: 1,
  quorum: 2,
  executed: true,
  snapshot: { id: 5, value: 700, startedAt: 1_000, endedAt: 1_002, keys: 10 },
  emitted: 31,
  executions: [{ id: 1, from: 0, members: 2, startedAt: 1 }],
  resumes: 0,
};

test("a configuration has the very bytes of the real engine's for the same job", () => {
  expect(configData(job).toString("base64")).toBe(recorded["protected"]!.config);
  const nameless: Job = { ...job, guarantee: "NONE", protection: false, intervalMillis: 10_000 };
  delete nameless.name;
  expect(readJobConfig(configData(nameless))).toMatchObject({
    name: undefined,
    guarantee: "NONE",
    splitBrainProtection: false,
  });
});

test("a record has the real engine's length, and is read as what it says", () => {
  expect(recordData(job).length).toBe(Buffer.from(recorded["protected"]!.record, "base64").length);
  expect(readExecutionRecord(recordData(job))).toMatchObject({
    quorumSize: 2,
    executed: true,
    snapshot: { id: 5, stats: { keys: 10, startedAt: 1_000, endedAt: 1_002 } },
  });
  const { snapshot: _, ...young } = job;
  expect(readExecutionRecord(recordData(young)).snapshot).toBeUndefined();
});

test("a suspension names the user, or the engine's words", () => {
  expect(readExecutionRecord(recordData({ ...job, suspension: "" })).suspension).toEqual({ by: "User" });
  expect(readSuspensionCause(suspensionData({ ...job, suspension: "broken" })!)).toEqual({
    by: "Engine",
    cause: "broken",
  });
  expect(suspensionData(job)).toBeUndefined();
});

test("metrics name every member's part of what was given to snapshots", () => {
  const members = ["a", "b"].map((uuid) => ({ uuid, address: "[10.0.0.1]:5701", boot: uuid }));
  const counts = readJobMetrics(metricsData(job, members)).map(({ measurements: [one] }) => [
    one!.tags.get("member"),
    one!.tags.get("ordinal"),
    one!.metric,
    one!.value,
  ]);
  expect(counts).toEqual([
    ["a", "snapshot", "emittedCount", 16],
    ["b", "snapshot", "emittedCount", 15],
  ]);
});
