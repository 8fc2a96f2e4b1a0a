import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ExecutionRecord,
  protectionChange,
  readExecutionRecord,
  readJobConfig,
  readSuspensionCause,
} from "../../../src/engine/job-data.ts";
import { jobIdOf, parseJobId } from "../../../src/engine/job-id.ts";
import { readJobMetrics } from "../../../src/engine/job-metrics.ts";
import { MalformedError } from "../../../src/engine/protocol/errors.ts";

interface RecordedJob {
  readonly id: string;
  readonly config: string;
  readonly record: string;
  readonly metrics: string;
}

/** What real members sent for four jobs; base64. */
interface Recorded {
  readonly protected: RecordedJob;
  readonly plain: RecordedJob;
  readonly broken: RecordedJob;
  readonly stopped: RecordedJob;
  readonly brokenCause: string;
  readonly stoppedCause: string;
}

const recorded = (version: string): Recorded =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/engine", version, "jobs.json"), "utf8"));
const bytes = (base64: string) => Buffer.from(base64, "base64");
const versions = ["5.7.0", "5.5.0", "4.5.4"];

describe.each(versions)("what %s sent", (version) => {
  const jobs = recorded(version);
  const recordOf = (job: RecordedJob): ExecutionRecord => readExecutionRecord(bytes(job.record));

  test("a protected job's configuration", () => {
    expect(readJobConfig(bytes(jobs.protected.config))).toEqual({
      name: "counter",
      guarantee: "EXACTLY_ONCE",
      snapshotIntervalMillis: 1_000,
      autoScaling: true,
      suspendOnFailure: true,
      splitBrainProtection: true,
    });
  });

  test("a nameless job's configuration", () => {
    expect(readJobConfig(bytes(jobs.plain.config))).toEqual({
      name: undefined,
      guarantee: "NONE",
      snapshotIntervalMillis: 10_000,
      autoScaling: false,
      suspendOnFailure: true,
      splitBrainProtection: false,
    });
    expect(readJobConfig(bytes(jobs.stopped.config)).guarantee).toBe("AT_LEAST_ONCE");
  });

  test("a running job's record: quorum and last snapshot", () => {
    const record = recordOf(jobs.protected);
    expect(record).toMatchObject({
      quorumSize: 1,
      suspension: undefined,
      executed: true,
      exportedSnapshotName: undefined,
    });
    expect(record.snapshot).toMatchObject({ stats: { snapshotId: record.snapshot!.id, keys: 13 } });
    expect(record.snapshot!.stats!.endedAt).toBeGreaterThan(record.snapshot!.stats!.startedAt);
  });

  test("an unprotected job's record has no quorum, and none without a guarantee a snapshot", () => {
    expect(recordOf(jobs.plain)).toMatchObject({ quorumSize: 0, snapshot: undefined, suspension: undefined });
  });

  test("who suspended a job, in the record and by the question of its own", () => {
    expect(recordOf(jobs.stopped).suspension).toEqual({ by: "User" });
    expect(readSuspensionCause(bytes(jobs.stoppedCause))).toEqual({ by: "User" });
    const byEngine = {
      by: "Engine",
      cause: expect.stringMatching(/^Execution failure: .*broken on purpose, password=\[red/),
    };
    expect(recordOf(jobs.broken).suspension).toEqual(byEngine);
    expect(readSuspensionCause(bytes(jobs.brokenCause))).toEqual(byEngine);
  });

  test("metrics: what each processor gave to snapshots", () => {
    const members = readJobMetrics(bytes(jobs.protected.metrics));
    const emitted = members
      .flatMap((member) => member.measurements)
      .filter(({ metric, tags }) => metric === "emittedCount" && tags.get("ordinal") === "snapshot");
    expect(new Set(emitted.map(({ tags }) => tags.get("vertex")))).toEqual(
      new Set(["numbers", "map-stateful-keyed", "mapSink(out)"]),
    );
    const total = emitted.reduce((sum, { value }) => sum + value, 0);
    expect(total).toBeGreaterThan(0);
    expect(total % 13).toBe(0);
    expect(emitted[0]!.tags.get("job")).toBe(jobs.protected.id);
  });

  test("metrics of a suspended job name no vertex", () => {
    const measured = readJobMetrics(bytes(jobs.stopped.metrics)).flatMap((member) => member.measurements);
    expect(measured.filter(({ tags }) => tags.has("vertex"))).toEqual([]);
  });
});

describe("broken data", () => {
  const readers = { config: readJobConfig, record: readExecutionRecord, metrics: readJobMetrics } as const;
  const cases = versions.flatMap((version) =>
    Object.keys(readers).map((kind) => [version, kind as keyof typeof readers] as const),
  );

  test.each(cases)("of %s: %s, cut or changed anywhere, is read or malformed, nothing else", (version, kind) => {
    const whole = bytes(recorded(version).protected[kind]);
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    const broken = fc.tuple(fc.integer({ min: 0, max: whole.length }), fc.array(change, { maxLength: 4 }));
    fc.assert(
      fc.property(broken, ([length, changes]) => {
        const data = Buffer.from(whole);
        for (const { at, to } of changes) data[at] = to;
        try {
          readers[kind](data.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("metrics that would unpack to a gigabyte are malformed", () => {
    const whole = bytes(recorded("5.7.0").protected.metrics);
    // A list that says it has two thousand million members.
    const many = Buffer.from(whole);
    many.writeInt32BE(0x7fff_ffff, 8);
    expect(() => readJobMetrics(many)).toThrow(MalformedError);
  });
});

test("a change of the protection flag leaves all else untouched", () => {
  const head = "00000000fffffffe01ffffd8ec00000003";
  expect(protectionChange(true).toString("hex")).toBe(`${head}000000007f7f017f7f0000000000000000`);
  expect(protectionChange(false).toString("hex")).toBe(`${head}000000007f7f007f7f0000000000000000`);
});

test("job ids go from numbers to the engine's text and back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
      expect(parseJobId(jobIdOf(id))).toBe(id);
    }),
  );
  expect(jobIdOf(0x0a1b_2c3d_0000_0001n)).toBe("0a1b-2c3d-0000-0001");
});
