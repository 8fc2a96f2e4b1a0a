import { describe, expect, test } from "vitest";
import { jetClusterSpec, jetClusterStatus } from "../../../src/api/jet-cluster.ts";
import { maxReplicas, quantityPattern, statusLimit, versionPattern } from "../../../src/api/limits.ts";

describe("defaults", () => {
  test("make a cluster of three with one backup out of an empty spec", () => {
    expect(jetClusterSpec.parse({})).toEqual({
      replicas: 3,
      evenReplicas: "Reject",
      suspend: false,
      backupCount: 1,
      losslessRestart: { mode: "Disabled" },
      jobs: { duringDisruption: "KeepRunning", resume: "Automatic", quorumRefresh: "Refuse" },
      splitBrain: { settleSeconds: 60, minority: "Hold" },
      network: { policy: "Restricted", clients: [] },
      deletion: { graceful: true, timeoutSeconds: 600 },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      jvm: { heapPercent: 60, options: [] },
      service: { type: "ClusterIP" },
      monitoring: { engineMetricsPort: 8080 },
      resourceUpload: true,
    });
  });

  test("leave what is given alone", () => {
    const given = jetClusterSpec.parse({ replicas: 5, jobs: { resume: "Manual" }, deletion: { graceful: false } });
    expect(given).toMatchObject({
      replicas: 5,
      jobs: { duringDisruption: "KeepRunning", resume: "Manual" },
      deletion: { graceful: false, timeoutSeconds: 600 },
    });
  });

  test("are absent from status", () => {
    expect(jetClusterStatus.parse({})).toEqual({});
  });
});

test("the largest size is odd, so that rounding up never leaves the range", () => {
  expect(maxReplicas % 2).toBe(1);
  expect(jetClusterSpec.shape.replicas.safeParse(maxReplicas).success).toBe(true);
  expect(jetClusterSpec.shape.replicas.safeParse(maxReplicas + 1).success).toBe(false);
});

describe("a version", () => {
  test.each(["4.5.0", "4.5.4", "5.2.0", "5.9.9", "5.10.0", "5.7.100"])("may be %s", (version) => {
    expect(version).toMatch(new RegExp(versionPattern));
  });
  test.each(["4.4.9", "4.6.0", "5.0.0", "5.1.7", "6.0.0", "5.7", "5.7.0.1", "5.7.0-1", " 5.7.0", "5.7.0\n", "55.7.0"])(
    "may not be %j",
    (version) => expect(version).not.toMatch(new RegExp(versionPattern)),
  );
});

describe("a quantity", () => {
  test.each(["1", "1.5Gi", ".5", "5.", "-1", "+1k", "1e3", "1E-3", "100m", "1Ei"])("may be %s", (quantity) => {
    expect(quantity).toMatch(new RegExp(quantityPattern));
  });
  test.each(["", ".", "1GiB", "0x10", "NaN", "Infinity", "1 Gi", "1e", "1e1.5", "1Kii", "Gi", "1\n"])(
    "may not be %j",
    (quantity) => expect(quantity).not.toMatch(new RegExp(quantityPattern)),
  );
});

describe("status takes what the operator writes at most:", () => {
  const time = "2026-01-01T00:00:00Z";
  const condition = (message: string) => ({
    type: "Ready",
    status: "True",
    reason: "A",
    message,
    lastTransitionTime: time,
  });

  test("a message of the longest length, and not one more character", () => {
    const parse = (length: number) => jetClusterStatus.safeParse({ conditions: [condition("x".repeat(length))] });
    expect(parse(statusLimit.message).success).toBe(true);
    expect(parse(statusLimit.message + 1).success).toBe(false);
  });

  test("as many members as there can be", () => {
    const parse = (count: number) =>
      jetClusterStatus.safeParse({
        members: Array.from({ length: count }, (_, i) => ({ pod: `a-${i}`, state: "Joined" })),
      });
    expect(parse(maxReplicas).success).toBe(true);
    expect(parse(maxReplicas + 1).success).toBe(false);
  });
});
