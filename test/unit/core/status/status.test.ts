import { describe, expect, test } from "vitest";
import type { JetClusterStatus } from "../../../../src/api/jet-cluster.ts";
import { annotation, finalizer } from "../../../../src/api/names.ts";
import type { JobFacts } from "../../../../src/core/evidence/observation.ts";
import { stampOf } from "../../../../src/core/ledger.ts";
import { beginStop } from "../../../../src/core/ledger-stop-transitions.ts";
import { beginGrow, beginRoll, openLedger } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { assess } from "../../../../src/core/status/assessment.ts";
import { waitDeadlineMillis } from "../../../../src/core/status/stalled.ts";
import { statusOf } from "../../../../src/core/status/status.ts";
import { type Case, clusterUid, formed, now, observe } from "../observation-fixture.ts";

function statusAt(about: Case): JetClusterStatus {
  const observation = observe(about);
  return statusOf(assess(observation, plan(observation)));
}

/** `True OneView` of one condition. */
function condition(about: Case, type: string): string {
  const found = statusAt(about).conditions?.find((c) => c.type === type);
  return `${found?.status} ${found?.reason}`;
}

const growing = beginGrow(formed(3), { from: 3, to: 5 }, "2026-01-01T11:00:00.000Z");
const forming = openLedger({ uid: clusterUid, version: "5.7.0", size: 3, at: "2026-01-01T11:00:00.000Z" });
const split: Case = {
  size: 5,
  islands: [
    [0, 1],
    [2, 3, 4],
  ],
};
const silent: Case = { size: 3, member: { 1: "timeout" } };

const quota = { object: "Service/orders", says: 'services "orders" is forbidden: exceeded quota: few' };
const firstPods = { object: "StatefulSet/orders", effect: "CreateStatefulSet", says: "denied the request: no" };
const volume = {
  object: "PersistentVolumeClaim/data-orders-0",
  says: "only dynamically provisioned pvc can be resized",
};
const larger: Case = { size: 3, spec: { replicas: 5 } };
const recordsView: Case = { size: 3, ledger: forming, refused: [quota] };
const hotRestart: NonNullable<Case["spec"]> = {
  licenseKeySecretRef: { name: "licence", key: "key" },
  losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "1Gi" } } },
};
const surplus: Case = {
  size: 3,
  metadata: { finalizers: [finalizer] },
  spec: { ...hotRestart, persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } },
  claims: Array.from({ length: 4 }, () => ({ stamp: stampOf(formed(3), "orders") })),
  refused: [
    {
      object: "PersistentVolumeClaim/data-orders-3",
      effect: "DeleteClaim",
      says: 'User "operator" cannot delete resource "persistentvolumeclaims"',
    },
  ],
};

const losing = (status: JobFacts["status"]): Case => ({
  size: 1,
  jobs: [
    {
      id: "b",
      name: "big",
      status,
      suspension: status === "SUSPENDED" ? "" : undefined,
      completeness: { kind: "Incomplete", chunks: 1_900, emitted: 20_003, stored: 17_016 },
    },
  ],
});
const unchecked = (since: number): Case => ({
  size: 1,
  jobs: [{ id: "b", completeness: { kind: "Unchecked", chunks: 1_900, why: "not compared yet", since } }],
});
function stoppedWith(volumes: number): Case {
  const spec = { ...hotRestart, suspend: true };
  const ledger = { ...formed(3), stopped: { lossless: true, at: "2026-01-01T11:00:00.000Z" } };
  return { size: 0, spec, ledger, claims: Array.from({ length: volumes }, () => ({})) };
}

describe("conditions", () => {
  test.each<[string, string, string, Case]>([
    ["Ready", "True Ready", "a whole cluster at rest", { size: 3 }],
    ["Ready", "False Forming", "a cluster that has not formed", { size: 3, ledger: forming, pods: [0] }],
    ["Ready", "False Forming", "the pass that records the first whole view", { size: 3, ledger: forming }],
    ["Ready", "False Growing", "a growth under way", { size: 5, ledger: growing, pods: [0, 1, 2] }],
    ["Ready", "False Growing", "the pass that records a growth", { size: 5, ledger: growing }],
    [
      "Ready",
      "False Reconciling",
      "a larger size asked for and about to be acted on",
      { size: 3, spec: { replicas: 5 } },
    ],
    ["Ready", "False ViewsDiffer", "a split", split],
    ["Ready", "Unknown MembersUnknown", "a member that does not answer", silent],
    [
      "Ready",
      "False PodsNotReady",
      "a pod that is not ready and does not answer",
      { ...silent, pod: { 1: { ready: false } } },
    ],
    ["Ready", "False PartitionsNotSafe", "backups being made again", { size: 3, member: { 0: { safe: false } } }],
    ["Ready", "False Deleting", "a cluster being deleted", { size: 3, metadata: { deletionTimestamp: "x" } }],
    ["Ready", "False Suspended", "nobody wanted and nobody there", { spec: { suspend: true } }],
    [
      "Ready",
      "True Ready",
      "a whole cluster that is paused",
      { size: 3, metadata: { annotations: { [annotation.paused]: "true" } } },
    ],
    [
      "Ready",
      "False Paused",
      "a paused cluster of another size than is asked for",
      { size: 3, spec: { replicas: 5 }, metadata: { annotations: { [annotation.paused]: "true" } } },
    ],
    ["JobsHealthy", "False SnapshotIncomplete", "a job whose snapshots lack entries", losing("RUNNING")],
    ["JobsHealthy", "False SnapshotIncomplete", "a job that was suspended with such a snapshot", losing("SUSPENDED")],
    ["JobsHealthy", "True JobsRunning", "a large snapshot not compared yet", unchecked(now - 1_000)],
    [
      "JobsHealthy",
      "Unknown SnapshotUnchecked",
      "one that cannot be compared",
      unchecked(now - waitDeadlineMillis - 1),
    ],
    ["LosslessReady", "False Disabled", "no lossless mode", { size: 3 }],
    ["LosslessReady", "True VolumesBound", "a volume each", { size: 3, spec: hotRestart, claims: [{}, {}, {}] }],
    ["LosslessReady", "False VolumesMissing", "two of three", { size: 3, spec: hotRestart, claims: [{}, {}] }],
    ["LosslessReady", "True VolumesBound", "a stopped cluster with all its volumes", stoppedWith(3)],
    ["LosslessReady", "False VolumesMissing", "a stopped cluster without one of its volumes", stoppedWith(2)],
    ["Reconciling", "False Settled", "rest", { size: 3 }],
    ["Reconciling", "True Acting", "an effect", { size: 3, spec: { replicas: 5 } }],
    ["Reconciling", "True MembersUnknown", "a wait", silent],
    ["Reconciling", "False Blocked", "a refusal", { size: 3, namesTaken: ["Service/orders"] }],
    ["Stalled", "True NameTaken", "what only a person can change", { size: 3, namesTaken: ["Service/orders"] }],
    ["Ready", "False ChildRefused", "a whole cluster whose Service is refused", { size: 3, refused: [quota] }],
    ["Ready", "False ChildRefused", "a StatefulSet that is refused", { refused: [firstPods] }],
    ["Ready", "True Ready", "a whole cluster whose volume cannot grow", { size: 3, refused: [volume] }],
    ["Ready", "True Ready", "a claim too many that may not be deleted", surplus],
    ["Reconciling", "False Settled", "a claim too many that may not be deleted", surplus],
    ["Reconciling", "False Blocked", "a growth without its NetworkPolicy", { ...larger, refused: [quota] }],
    ["Reconciling", "True Acting", "an effect that needs no child, whatever is refused", recordsView],
    ["Reconciling", "True Acting", "a growth, once another effect was refused", { ...larger, refused: [firstPods] }],
    ["Stalled", "True ChildRefused", "a write that the API server refuses", { size: 3, refused: [quota] }],
    ["Stalled", "False Progressing", "a short wait", silent],
    [
      "Stalled",
      "True MembersUnknown",
      "a wait beyond its deadline",
      { ...silent, status: waitingSince(waitDeadlineMillis + 1000) },
    ],
    [
      "Stalled",
      "False Progressing",
      "a wait just within it",
      { ...silent, status: waitingSince(waitDeadlineMillis - 1000) },
    ],
    ["SingleView", "True OneView", "one view", { size: 3 }],
    ["SingleView", "False ViewsDiffer", "a split", split],
    ["SingleView", "Unknown MembersUnknown", "a silent member that the others see", silent],
    [
      "SingleView",
      "Unknown Converging",
      "a member that joins",
      { size: 3, islands: [[0, 1], [2]], member: { 2: { joinedByOwnWord: false } } },
    ],
    ["PartitionsSafe", "True AllSafe", "rest", { size: 3 }],
    ["PartitionsSafe", "False BackupsMissing", "migrations queued", { size: 3, member: { 2: { migrations: 1 } } }],
    ["PartitionsSafe", "Unknown MembersUnknown", "a silent member", silent],
    [
      "PartitionsSafe",
      "Unknown MembersUnknown",
      "a young member that calls itself safe",
      { size: 3, member: { 2: { joinedByOwnWord: false } } },
    ],
    ["QuorumMet", "True Quorum", "a majority of Q in one view", split],
    ["QuorumMet", "False QuorumLost", "too few in every view", { size: 5, islands: [[0, 1], [2, 3], [4]] }],
    [
      "QuorumMet",
      "Unknown MembersUnknown",
      "too few that answer",
      { size: 3, member: { 0: "timeout", 1: "timeout", 2: "timeout" } },
    ],
    ["QuorumMet", "Unknown NotFormed", "no cluster yet", {}],
    [
      "QuorumMet",
      "False QuorumLost",
      "a StatefulSet that was deleted",
      { status: { quorum: { base: 3, needed: 2, live: 3 } } },
    ],
    ["MinorityLossSafe", "True EnoughBackups", "three members and one backup", { size: 3 }],
    ["MinorityLossSafe", "False TooFewBackups", "five members and one backup", { size: 5 }],
    ["MinorityLossSafe", "True EnoughBackups", "five members and two backups", { size: 5, spec: { backupCount: 2 } }],
    ["Suspended", "True Suspended", "nobody there on request", { spec: { suspend: true } }],
    ["Suspended", "False StillRunning", "a stop not done", { size: 3, spec: { suspend: true } }],
  ])("%s is %s for %s", (type, expected, _, about) => {
    expect(condition(about, type)).toBe(expected);
  });
});

describe("status", () => {
  test("does not move at rest", () => {
    const first = statusAt({ size: 3 });
    const observation = { ...observe({ size: 3, status: first }), now: now + 3_600_000 };
    expect(statusOf(assess(observation, plan(observation)))).toEqual(first);
  });

  test("a wait keeps the time it began at", () => {
    const later = { ...observe({ ...silent, status: statusAt(silent) }), now: now + 60_000 };
    expect(statusOf(assess(later, plan(later))).blockedBy?.[0]?.since).toBe("2026-01-01T12:00:00Z");
  });

  test("goes on remembering Q when the StatefulSet is gone, or its ledger unreadable", () => {
    const status: JetClusterStatus = { replicas: 5, version: "5.5.0", quorum: { base: 5, needed: 3, live: 5 } };
    for (const about of [{ status }, { size: 5, ledger: { kind: "damaged", detail: "x" } as const, status }]) {
      expect(statusAt(about)).toMatchObject({ quorum: { base: 5, needed: 3 }, version: "5.5.0" });
    }
  });

  test("a deleted StatefulSet is remembered through a pass that could not make it again", () => {
    const before = statusAt({ size: 5 });
    const after = statusAt({ status: before, metadata: { annotations: { [annotation.paused]: "true" } } });
    const step = plan(observe({ spec: { replicas: 1 }, status: after }));
    expect(step).toMatchObject({ effect: { kind: "CreateStatefulSet", replicas: 5 } });
  });

  test("says of a job whose snapshots lack entries how many, and what helps", () => {
    const status = statusAt(losing("RUNNING"));
    expect(status.jobs?.[0]?.snapshot).toEqual({ state: "Incomplete", emitted: 20_003, stored: 17_016 });
    const message = status.conditions?.find((c) => c.type === "JobsHealthy")?.message;
    expect(message).toContain("big (b): 20,003 entries given to its snapshots, 17,016 of them stored");
    expect(message).toContain("more members");
  });

  test("says that nothing can be undone once the job is suspended", () => {
    const message = statusAt(losing("SUSPENDED")).conditions?.find((c) => c.type === "JobsHealthy")?.message;
    expect(message).toContain("what is missing is lost");
  });

  test("keeps the names of jobs that cannot be asked for, without saying that they run", () => {
    const jobs = [{ id: "p", name: "payments", status: "RUNNING" }];
    const status = statusAt({ size: 3, status: { jobs, jobsSummary: "1/1" }, jobs: "a member is missing" });
    expect(status.jobs).toEqual([{ id: "p", name: "payments", status: "UNKNOWN" }]);
    expect(status.jobsSummary).toBeUndefined();
  });

  test("keeps the names of jobs while another cluster of this name answers, so that their loss can name them", () => {
    const jobs = [{ id: "p", name: "payments", status: "UNKNOWN" }];
    const ledger = formed(3, { members: ["a", "b", "c"], clusterId: "before" });
    const unsafe = { size: 3, ledger, status: { jobs }, member: { 0: { safe: false } } };
    expect(statusAt(unsafe).jobs).toEqual(jobs);
    const step = plan(observe({ size: 3, ledger, status: statusAt(unsafe) }));
    expect(step).toMatchObject({ effect: { ledger: { stateLost: { jobs: ["payments (p)"] } } } });
  });

  test("has room for a StatefulSet that was scaled by hand beyond every limit", () => {
    expect(statusAt({ size: 120, spec: { replicas: 3 }, ledger: formed(3) }).members).toHaveLength(99);
  });

  test("names pods from an earlier template, which nobody asked to replace, and what replaces them", () => {
    const about: Case = { size: 3, pod: { 1: { templateHash: "before" } } };
    expect(plan(observe(about))).toEqual({ kind: "done" });
    expect(statusAt(about)).toMatchObject({
      updatedMembers: 2,
      pendingTemplate: { hash: "template", reason: expect.stringMatching(/^1 of 3 pods .*orders-1.*restart-at$/) },
    });
    expect(plan(observe({ ...about, specHash: "restarted" }))).toMatchObject({ effect: { kind: "WriteTemplate" } });
  });

  test("a roll under way has pods of both templates, and nothing pending", () => {
    const ledger = beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [] }, "2026-01-01T11:00:00.000Z");
    expect(statusAt({ size: 3, ledger, pod: { 0: { templateHash: "before" } } })).toMatchObject({ updatedMembers: 2 });
    expect(statusAt({ size: 3, ledger, pod: { 0: { templateHash: "before" } } }).pendingTemplate).toBeUndefined();
  });

  test("lists each island of a split, the largest first", () => {
    expect(statusAt(split).views).toEqual([
      {
        members: ["[10.0.0.3]:5701", "[10.0.0.4]:5701", "[10.0.0.5]:5701"],
        heldBy: ["orders-2", "orders-3", "orders-4"],
      },
      { members: ["[10.0.0.1]:5701", "[10.0.0.2]:5701"], heldBy: ["orders-0", "orders-1"] },
    ]);
  });

  test("says of each member what it is doing", () => {
    const members = statusAt({
      size: 5,
      islands: [[0, 1, 2, 4], [3]],
      member: { 1: "timeout", 2: { nodeState: "PASSIVE" }, 3: { joinedByOwnWord: false } },
      pod: { 4: { terminating: true } },
    }).members;
    expect(members?.map((m) => m.state)).toEqual(["Joined", "Unknown", "Leaving", "Joining", "Leaving"]);
    expect(members?.map((m) => m.master)).toEqual([true, undefined, false, false, false]);
  });
});

function waitingSince(millis: number): JetClusterStatus {
  const since = new Date(now - millis).toISOString();
  return { blockedBy: [{ check: "MembersUnknown", observed: "", needed: "", remedy: "", since }] };
}

test("what is refused is named with the API server's sentence and what helps, beside what is waited for", () => {
  const { blockedBy } = statusAt({ size: 3, pods: [0, 1], refused: [quota] });
  expect(blockedBy?.map(({ check }) => check)).toEqual(["ChildRefused", "PodsNotReady"]);
  expect(blockedBy?.[0]).toMatchObject({
    observed: 'Service/orders: services "orders" is forbidden: exceeded quota: few',
    remedy: expect.stringMatching(/^raise the ResourceQuota/),
  });
});

test("a claim that may not be deleted names the chart's value", () => {
  expect(statusAt(surplus).blockedBy?.[0]?.remedy).toContain("persistentVolumeClaims.allowDelete");
});

test("a paused cluster says so first: what was refused before is not tried again", () => {
  const paused = { annotations: { [annotation.paused]: "true" } };
  expect(statusAt({ size: 3, metadata: paused, refused: [quota] }).blockedBy?.[0]?.check).toBe("Paused");
});

test("a cluster state that the engine refuses is what the stop waits for, in the engine's words", () => {
  const says = "cluster state PASSIVE: Refused: status 500, member x refuses";
  const status = statusAt({
    size: 3,
    spec: { suspend: true, ...hotRestart },
    claims: [{}, {}, {}],
    metadata: { finalizers: [finalizer] },
    ledger: beginStop(formed(3), 3, "Suspend", "2026-01-01T11:00:00.000Z"),
    refused: [{ object: "Engine/orders", effect: "ChangeClusterState", says }],
  });
  expect(status.operation).toMatchObject({ kind: "Stop", step: "Quiescing", waitingFor: `StateRefused: ${says}` });
  expect(status.blockedBy?.[0]?.remedy).toMatch(/read the members' logs/);
});

test("LosslessReady says that HotRestart has not been run on the licensed engine", () => {
  const { conditions } = statusAt({ size: 3, spec: hotRestart, claims: [{}, {}, {}] });
  const said = conditions?.find(({ type }) => type === "LosslessReady")?.message;
  expect(said).toContain("the licensed engine, on which this operator has not been run");
});

test("a loss that was just taken note of is not told beside Ready=True: the note is written first", () => {
  const ledger = formed(3, { stateLost: { at: "2026-01-01T11:00:00.000Z", jobs: ["payments"] } });
  const metadata = { annotations: { [annotation.accept]: `${clusterUid}/1/lose-data` } };
  const observation = observe({ size: 3, ledger, metadata });
  const step = plan(observation);
  expect(step).toMatchObject({ kind: "effect", effect: { kind: "WriteLedger" } });
  const { conditions = [] } = statusOf(assess(observation, step));
  const said = Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
  expect(said).toMatchObject({ StateLost: "True", Ready: "False" });
});
