import { describe, expect, test } from "vitest";
import { statefulSet } from "../../../../src/core/desired/stateful-set.ts";
import { desiredContext, everyFlavour, hotRestart } from "./desired-fixture.ts";

const start = { replicas: 5, ledger: '{"v":1}' };

describe("the StatefulSet", () => {
  test("is born with its size, its ledger and the hashes of what it was made from", () => {
    const { metadata, spec } = statefulSet(desiredContext(), start);
    expect(spec?.replicas).toBe(5);
    expect(metadata?.annotations?.["jet-operator.io/ledger"]).toBe('{"v":1}');
    expect(metadata?.annotations?.["jet-operator.io/spec-hash"]).toMatch(/^[0-9a-f]{20}$/);
    expect(metadata?.annotations?.["jet-operator.io/template-hash"]).toBe(
      spec?.template.metadata?.annotations?.["jet-operator.io/template-hash"],
    );
  });

  test.each(everyFlavour)("of %s starts all pods at once, replaces none and keeps every claim", (_, context) => {
    expect(statefulSet(context, start).spec).toMatchObject({
      serviceName: "orders-members",
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "OnDelete" },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      selector: { matchLabels: { "jet-operator.io/cluster": "orders" } },
    });
  });

  test("keeps every claim even where the spec lets the operator delete claims", () => {
    const spec = {
      ...hotRestart,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" } as const,
    };
    expect(statefulSet(desiredContext({ spec }), start).spec?.persistentVolumeClaimRetentionPolicy).toEqual({
      whenDeleted: "Retain",
      whenScaled: "Retain",
    });
  });

  test.each(everyFlavour)("of %s selects the pods of its own template", (_, context) => {
    const { selector, template } = statefulSet(context, start).spec ?? {};
    expect(template?.metadata?.labels).toMatchObject(selector?.matchLabels ?? { none: "" });
  });

  test("claims a volume of its own for each member with HotRestart, and none without", () => {
    expect(statefulSet(desiredContext(), start).spec?.volumeClaimTemplates).toEqual([]);
    const [claim, ...others] =
      statefulSet(desiredContext({ spec: hotRestart }), start).spec?.volumeClaimTemplates ?? [];
    expect(others).toEqual([]);
    expect(claim?.metadata).toMatchObject({
      name: "data",
      labels: { "app.kubernetes.io/managed-by": "jet-operator", "jet-operator.io/cluster": "orders" },
    });
    expect(claim?.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      volumeMode: "Filesystem",
      storageClassName: "fast",
      resources: { requests: { storage: "10Gi" } },
    });
  });

  test("leaves the storage class to the Kubernetes cluster's default when the spec names none", () => {
    const losslessRestart = { mode: "HotRestart", hotRestart: { storage: { size: 1073741824 } } } as const;
    const context = desiredContext({ spec: { ...hotRestart, losslessRestart } });
    const [claim] = statefulSet(context, start).spec?.volumeClaimTemplates ?? [];
    expect(claim?.spec).not.toHaveProperty("storageClassName");
    expect(claim?.spec?.resources).toEqual({ requests: { storage: "1073741824" } });
  });
});
