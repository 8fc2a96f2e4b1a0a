import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JetClusterSpecInput } from "../../../../src/api/jet-cluster.ts";
import { canonicalJson, hashOf } from "../../../../src/core/desired/hash.ts";
import { podTemplate, templateHash } from "../../../../src/core/desired/pod-template.ts";
import { restartHash, specHash } from "../../../../src/core/desired/spec-hash.ts";
import { desiredContext } from "./desired-fixture.ts";

describe("a hash", () => {
  test("is the same for equal data in whatever order, and for a copy by JSON", () => {
    const reversed = (value: unknown): unknown =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, inner]) => [key, reversed(inner)]),
          )
        : value;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hashOf(reversed(value))).toBe(hashOf(value));
        expect(hashOf(JSON.parse(JSON.stringify(value)))).toBe(hashOf(value));
      }),
    );
  });

  test("differs for different data", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(hashOf(one) === hashOf(other)).toBe(canonicalJson(one) === canonicalJson(other));
      }),
    );
  });

  test("takes a field that is undefined for one that is absent, and keeps the order of lists", () => {
    expect(hashOf({ a: undefined, b: 1 })).toBe(hashOf({ b: 1 }));
    expect(hashOf([1, 2])).not.toBe(hashOf([2, 1]));
  });
});

const base: JetClusterSpecInput = {};
/** Parts of the spec that pods and configuration are made from. */
const counting: [string, JetClusterSpecInput][] = [
  ["image", { image: { tag: "5.7.0-slim" } }],
  ["clusterName", { clusterName: "prod" }],
  ["backupCount", { backupCount: 2 }],
  ["config", { config: { hazelcast: { map: { a: {} } } } }],
  ["config.properties", { config: { properties: { "hazelcast.partition.count": "31" } } }],
  ["jvm", { jvm: { options: ["-XX:+UseZGC"] } }],
  ["resources", { resources: { limits: { memory: "2Gi" } } }],
  ["scheduling", { scheduling: { nodeSelector: { a: "b" } } }],
  ["podMetadata", { podMetadata: { labels: { team: "x" } } }],
  ["env", { env: [{ name: "A", value: "b" }] }],
  ["imagePullSecrets", { imagePullSecrets: [{ name: "pull" }] }],
  ["podSecurityContext", { podSecurityContext: { runAsUser: 2000 } }],
  ["containerSecurityContext", { containerSecurityContext: { runAsUser: 2000 } }],
  ["engineMetricsPort", { monitoring: { engineMetricsPort: 9404 } }],
  ["resourceUpload", { resourceUpload: false }],
];
/** Parts that change no pod. */
const idle: [string, JetClusterSpecInput][] = [
  ["replicas", { replicas: 7 }],
  ["suspend", { suspend: true }],
  ["jobs", { jobs: { resume: "Manual" } }],
  ["splitBrain", { splitBrain: { settleSeconds: 90 } }],
  ["deletion", { deletion: { timeoutSeconds: 60 } }],
  ["network", { network: { policy: "None" } }],
  ["service", { service: { type: "NodePort" } }],
  ["claim retention", { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } }],
  ["an explicit default", { backupCount: 1, jvm: { heapPercent: 60 } }],
];

describe("the hashes of spec and template", () => {
  const at = (spec: JetClusterSpecInput) => desiredContext({ spec });

  test.each(counting)("both change with %s", (_, spec) => {
    expect(specHash(at(spec))).not.toBe(specHash(at(base)));
    expect(templateHash(at(spec))).not.toBe(templateHash(at(base)));
  });

  test.each(idle)("do not change with %s", (_, spec) => {
    expect(specHash(at(spec))).toBe(specHash(at(base)));
    expect(templateHash(at(spec))).toBe(templateHash(at(base)));
  });

  test("both change with the engine's version", () => {
    const older = desiredContext({ version: "5.5.0" });
    expect(specHash(older)).not.toBe(specHash(at(base)));
    expect(templateHash(older)).not.toBe(templateHash(at(base)));
  });

  test("none changes when the state is saved to an archive or not any more: members know nothing of it", () => {
    const losslessRestart = { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } };
    const archived = at({ ...base, losslessRestart });
    for (const hash of [specHash, restartHash, templateHash]) expect(hash(archived)).toBe(hash(at(base)));
  });

  test("both change with restart-at, so that a person can ask for a restart of the same spec", () => {
    const context = at(base);
    const annotations = { "jet-operator.io/restart-at": "2026-01-01T00:00:00Z" };
    const { cluster } = context;
    const asked = { ...context, cluster: { ...cluster, metadata: { ...cluster.metadata, annotations } } };
    expect(specHash(asked)).not.toBe(specHash(context));
    expect(templateHash(asked)).not.toBe(templateHash(context));
    expect(restartHash(asked)).toBe(restartHash(context));
  });

  test.each<[string, boolean, JetClusterSpecInput]>([
    ["clusterName", true, { clusterName: "prod" }],
    ["backupCount", true, { backupCount: 2 }],
    ["the partition count", true, { config: { properties: { "hazelcast.partition.count": "31" } } }],
    ["another property", false, { config: { properties: { "hazelcast.logging.type": "none" } } }],
    ["jvm", false, { jvm: { heapPercent: 70 } }],
    ["image", false, { image: { tag: "5.7.0-slim" } }],
  ])("the hash of what all members share changes with %s: %s", (_, changes, spec) => {
    expect(restartHash(at(spec)) !== restartHash(at(base))).toBe(changes);
  });

  test("the hash of what all members share changes with the minor version, not with a patch", () => {
    expect(restartHash(desiredContext({ version: "5.7.3" }))).toBe(restartHash(at(base)));
    expect(restartHash(desiredContext({ version: "5.6.0" }))).not.toBe(restartHash(at(base)));
  });

  test("an operator with other images changes the template alone: it is pending, nobody asked for it", () => {
    const moved = desiredContext({
      images: { platform: "mirror/hz", platformEnterprise: "", jet: "", jetEnterprise: "" },
    });
    expect(specHash(moved)).toBe(specHash(at(base)));
    expect(templateHash(moved)).not.toBe(templateHash(at(base)));
  });

  test("neither moves with the gate, the evictions allowed, the operator's place or the object's metadata", () => {
    const context = at(base);
    const { cluster } = context;
    const metadata = { ...cluster.metadata, resourceVersion: "99", generation: 9, labels: { a: "b" } };
    const moved = {
      ...context,
      gate: "closed" as const,
      disruptionsAllowed: 0,
      operator: { namespace: "elsewhere", podLabels: { a: "b" } },
      cluster: { ...cluster, metadata },
    };
    expect(specHash(moved)).toBe(specHash(context));
    expect(templateHash(moved)).toBe(templateHash(context));
  });

  test("the template tells its own hash", () => {
    const context = at(base);
    expect(podTemplate(context).metadata?.annotations?.["jet-operator.io/template-hash"]).toBe(templateHash(context));
  });
});
