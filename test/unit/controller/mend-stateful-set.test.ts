import type { V1StatefulSet } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { annotation } from "../../../src/api/names.ts";
import { mendingOf, wishOf } from "../../../src/controller/mend-stateful-set.ts";
import { statefulSet } from "../../../src/core/desired/stateful-set.ts";
import type { JsonPatchOperation } from "../../../src/kube/client.ts";
import { patched } from "../../sim/model/json-patch.ts";
import { desiredContext } from "../core/desired/desired-fixture.ts";

const context = desiredContext();

/** As it was created, with a change of somebody's. */
function edited(change: (live: V1StatefulSet) => unknown, of = context): V1StatefulSet {
  const live = structuredClone(statefulSet(of, { replicas: 5, ledger: '{"v":1}' }));
  live.metadata = { ...live.metadata, uid: "uid-1" };
  change(live);
  return live;
}

const container = (live: V1StatefulSet) => live.spec!.template.spec!.containers[0]!;
const mended = (live: V1StatefulSet) =>
  patched(live, mendingOf(live, wishOf(context))?.operations as JsonPatchOperation[]);

const podSpec = (live: V1StatefulSet) => live.spec!.template.spec!;

describe("what somebody has changed of the StatefulSet is put back", () => {
  test.each<[string, (live: V1StatefulSet) => unknown]>([
    ["spec.template", (live) => Object.assign(container(live), { image: "somebody/hazelcast" })],
    ["spec.template", (live) => Object.assign(container(live), { args: ["--help"] })],
    ["spec.template", (live) => Object.assign(container(live), { resources: { limits: { memory: "1Gi" } } })],
    ["spec.template", (live) => container(live).env?.push({ name: "JAVA_TOOL_OPTIONS", value: "-Xmx9g" })],
    ["spec.template", (live) => container(live).env?.pop()],
    ["spec.template", (live) => podSpec(live).containers.push({ name: "sidecar" })],
    ["spec.template", (live) => Object.assign(podSpec(live), { initContainers: [{ name: "before" }] })],
    ["spec.template", (live) => Object.assign(podSpec(live), { nodeSelector: { disk: "ssd" } })],
    ["spec.template", (live) => Object.assign(podSpec(live), { terminationGracePeriodSeconds: 1 })],
    ["spec.template", (live) => delete live.spec!.template.metadata!.annotations![annotation.templateHash]],
    ["spec.updateStrategy", (live) => Object.assign(live.spec!, { updateStrategy: { type: "RollingUpdate" } })],
    [
      "spec.persistentVolumeClaimRetentionPolicy",
      (live) => Object.assign(live.spec!, { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } }),
    ],
    ["spec.ordinals", (live) => Object.assign(live.spec!, { ordinals: { start: 1 } })],
    ["annotations", (live) => delete live.metadata!.annotations![annotation.specHash]],
  ])("%s (%#)", (of, change) => {
    const live = edited(change);
    expect(mendingOf(live, wishOf(context))?.of).toEqual([of]);
    expect(mended(live)).toEqual(edited(() => {}));
  });

  test("all annotations at once, but for the ledger, which the planner recovers", () => {
    const live = edited(({ metadata }) => delete metadata!.annotations);
    const { [annotation.ledger]: _, ...hashes } = edited(() => {}).metadata!.annotations!;
    expect(mended(live).metadata?.annotations).toEqual(hashes);
  });
});

describe("left as it is", () => {
  test.each<[string, (live: V1StatefulSet) => unknown]>([
    ["a StatefulSet as it was written", () => {}],
    ["replicas, which have a step of their own", (live) => Object.assign(live.spec!, { replicas: 9 })],
    ["a defaulted field", (live) => Object.assign(podSpec(live), { schedulerName: "default-scheduler" })],
    [
      "an annotation that does no harm",
      (live) => Object.assign(live.spec!.template.metadata!.annotations!, { "a/restarted": "x" }),
    ],
  ])("%s", (_, change) => {
    expect(mendingOf(edited(change), wishOf(context))).toBeUndefined();
  });

  test("a template of another operator or spec, edited or not: what was there before is not known here", () => {
    const other = desiredContext({ spec: { jvm: { heapPercent: 50 } } });
    const live = edited((it) => Object.assign(container(it), { image: "somebody/hazelcast" }), other);
    expect(mendingOf(live, wishOf(context))).toBeUndefined();
    expect(mendingOf(live, wishOf(other))?.of).toEqual(["spec.template"]);
  });
});

test("hashes that were taken away from such a template come back without asking for a roll, and show it as pending", () => {
  const other = desiredContext({ spec: { jvm: { heapPercent: 50 } } });
  const before = edited(() => {}, other).metadata!.annotations!;
  const live = edited(({ metadata }) => delete metadata!.annotations, other);
  const ours = edited(() => {}).metadata!.annotations!;
  expect(mended(live).metadata?.annotations).toEqual({
    [annotation.specHash]: ours[annotation.specHash],
    [annotation.restartHash]: ours[annotation.restartHash],
    [annotation.clusterName]: ours[annotation.clusterName],
    [annotation.templateHash]: before[annotation.templateHash],
  });
});
