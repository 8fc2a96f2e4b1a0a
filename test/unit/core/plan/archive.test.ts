import { describe, expect, test } from "vitest";
import { annotation, finalizer } from "../../../../src/api/names.ts";
import type { ArchiveFacts, ArchiveWork } from "../../../../src/core/evidence/archive.ts";
import type { Archive, Ledger } from "../../../../src/core/ledger.ts";
import {
  beginArchive,
  beginRestore,
  fillMembers,
  finishStop,
  giveUpStop,
  halt,
  suspendForArchive,
} from "../../../../src/core/ledger-stop-transitions.ts";
import { beginRoll, enter } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { type Case, clusterUid, formed, now, observe, uuidOf } from "../observation-fixture.ts";
import { told } from "./told.ts";

const at = "2026-01-01T11:00:00.000Z";
const nonce = "0123456789abcdef";
const archiveMode = { losslessRestart: { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } } };
/** The steps of these rows began an hour ago. */
const short = { storage: { size: "1Gi" }, deadlineSeconds: 600 };
const stopIt = { spec: { ...archiveMode, suspend: true } };
const startIt = { spec: { ...archiveMode, replicas: 3 } };
const saved: Archive = {
  ...{ generation: 4, nonce, digest: "d1", at, version: "5.7.0", entries: 10, bytes: 100 },
  jobs: [
    { id: "r", name: "payments", ran: true, quorum: 2 },
    { id: "s", name: "paused", ran: false, quorum: 0 },
  ],
};
const listed = [
  { id: "r", name: "payments", status: "SUSPENDED" as const, suspension: "" },
  { id: "s", name: "paused", status: "SUSPENDED" as const, suspension: "" },
];

const claim: NonNullable<ArchiveFacts["claim"]> = {
  ...{ name: "orders-archive", uid: "c1", bound: true, deleting: false, requested: "1Gi", tied: false },
  stamp: undefined,
};
const stamp = {
  ...{ uid: clusterUid, epoch: 9, clusterName: "orders", version: "5.7.0", quorumBase: 3, formedSize: 3 },
  archive: saved,
};
const volume: ArchiveFacts = { claim, work: undefined };
const working = (work: Partial<ArchiveWork>, does: "save" | "restore" = "save"): ArchiveFacts => ({
  claim,
  work: {
    ...{ name: "orders-archive", uid: "j1", run: `${does}/${nonce}`, phase: "Ready", deleting: false },
    ...{ address: undefined, endedAt: undefined, trouble: undefined, result: undefined },
    ...work,
  },
});
const result = {
  ...{
    generation: 4,
    nonce,
    digest: "d1",
    clusterId: "cluster-id",
    version: "5.7.0",
    entries: 10,
    bytes: 100,
    jobs: 2,
  },
};
const lowering = { generation: 7, annotations: { [annotation.accept]: `${clusterUid}/7/lower-job-quorum` } };
const kept = { metadata: { finalizers: [finalizer] } };

const ready = formed(3, { clusterId: "cluster-id" });
const preparing = beginArchive(ready, { size: 3, because: "Suspend", nonce }, at);
const suspending = suspendForArchive(preparing, [{ id: "r", refresh: false }], at);
const quiescing = enter(suspending, "Quiescing", at);
const saving = enter(quiescing, "Saving", at);
const reactivating = giveUpStop(saving, { step: "Reactivating", failure: "no room" }, at);
const resuming = enter(reactivating, "ResumingJobs", at);
const stopped = finishStop(halt(saving, { size: 3, lossless: true, because: "Suspend", archive: saved }, at), at);
const joining = beginRestore(stopped, 3, { archive: saved }, at);
const filled = { members: [0, 1, 2].map(uuidOf), clusterId: "cluster-id" };
const loading = fillMembers(joining, filled, at);
const others = { members: ["gone", uuidOf(1), uuidOf(2)] };
const loaded = enter(loading, "Loaded", at);
const releasing = enter(loaded, "Releasing", at);
const passive = Object.fromEntries([0, 1, 2].map((ordinal) => [ordinal, { clusterState: "PASSIVE" as const }]));
const justNow = new Date(now - 5_000).toISOString();

const stopping = (ledger: Ledger, more: Case = {}): Case => ({
  size: 3,
  ledger,
  ...stopIt,
  ...kept,
  archive: volume,
  ...more,
});
const starting = (ledger: Ledger, more: Case = {}): Case => ({
  size: 3,
  ledger,
  ...startIt,
  ...kept,
  archive: volume,
  ...more,
});

/** Cluster name, backup count or partition count. */
const otherNames = { specHash: "other", restartHash: "other" };
const running = (more: Case = {}): Case => ({ size: 3, ...startIt, ...kept, archive: volume, ...more });
const rolling = beginRoll(ready, { size: 3, version: "5.7.0", jobs: [] }, at);

const cases: Record<string, [string, Case, string][]> = {
  save: [
    ["is written down first", stopping(ready), "WriteLedger Stop/Preparing Q3"],
    [
      "not without its volume",
      stopping(ready, { archive: { claim: undefined, work: undefined } }),
      "blocked ArchiveVolumeMissing",
    ],
    [
      "not while the cluster is not safe",
      stopping(ready, { member: { 1: { safe: false } } }),
      "wait PartitionsNotSafe",
    ],
    [
      "not again right after one that failed",
      stopping({ ...ready, lastOperation: { kind: "Stop", result: "Abandoned", finishedAt: justNow } }),
      "wait SaveFailed",
    ],
    ["starts the Job before anything else", stopping(preparing), "CreateArchiveJob save"],
    ["once all members can be named to it", stopping(preparing, { member: { 2: "NoAnswer" } }), "wait MembersUnknown"],
    [
      "ends the Job of an earlier attempt",
      stopping(preparing, { archive: working({ run: "save/other" }) }),
      "DeleteArchiveJob",
    ],
    [
      "waits until that is gone",
      stopping(preparing, { archive: working({ run: "save/other", deleting: true }) }),
      "wait ArchiveBusy",
    ],
    ["waits for the Job", stopping(preparing, { archive: working({ phase: "Starting" }) }), "wait ArchiveNotReady"],
    [
      "touches nothing when the Job cannot be had",
      stopping(preparing, { archive: working({ phase: "Failed", trouble: "no room" }) }),
      "WriteLedger Stop/ResumingJobs Q3",
    ],
    [
      "names the jobs that run before the first is suspended",
      stopping(preparing, { archive: working({}), jobs: [{ id: "r" }] }),
      "WriteLedger Stop/SuspendingJobs Q3",
    ],
    ["suspends them", stopping(suspending, { archive: working({}), jobs: [{ id: "r" }] }), "SuspendJob r"],
    [
      "waits for a job that nobody can suspend now",
      stopping(suspending, { archive: working({}), jobs: [{ id: "x", status: "STARTING" }] }),
      "wait JobsNotSuspended",
    ],
    ["asks for PASSIVE when all are", stopping(quiescing, { archive: working({}), jobs: listed }), "PASSIVE"],
    [
      "goes back when a job runs all the same",
      stopping(quiescing, { archive: working({}), member: passive, jobs: [{ id: "r" }] }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "copies what stands still",
      stopping(quiescing, { archive: working({}), member: passive, jobs: listed }),
      "WriteLedger Stop/Saving Q3",
    ],
    ["waits for the copy", stopping(saving, { archive: working({}), member: passive, jobs: listed }), "wait Archiving"],
    [
      "gives up a copy that takes longer than its user allows",
      stopping(saving, {
        spec: { ...archiveMode, losslessRestart: { ...archiveMode.losslessRestart, archive: short }, suspend: true },
        ...{ archive: working({}), member: passive, jobs: listed },
      }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "stops all members once it is verified",
      stopping(saving, { archive: working({ phase: "Succeeded", result }), member: passive, jobs: listed }),
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "does not take the copy of another cluster",
      stopping(saving, {
        archive: working({ phase: "Succeeded", result: { ...result, clusterId: "other" } }),
        ...{ member: passive, jobs: listed },
      }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "does not take the copy of another attempt",
      stopping(saving, {
        archive: working({ phase: "Succeeded", result: { ...result, nonce: "other" } }),
        ...{ member: passive, jobs: listed },
      }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "goes back when the Job failed",
      stopping(saving, { archive: working({ phase: "Failed" }), member: passive, jobs: listed }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "goes back when the Job is gone",
      stopping(saving, { member: passive, jobs: listed }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "goes back when somebody made it ACTIVE meanwhile",
      stopping(saving, { archive: working({}), jobs: listed }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "goes back when a member was replaced meanwhile",
      stopping({ ...saving, members: ["a", "b", "c"] }, { archive: working({}), member: passive, jobs: listed }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "goes back when it is not wanted any more",
      stopping(saving, { ...startIt, archive: working({}), member: passive, jobs: listed }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    ["goes back to ACTIVE", stopping(reactivating, { member: passive, jobs: listed }), "ACTIVE"],
    [
      "also when PASSIVE comes late, after jobs went on",
      stopping(resuming, { member: passive, jobs: listed }),
      "ACTIVE",
    ],
    ["then its jobs go on", stopping(resuming, { jobs: listed }), "ResumeJob r"],
    [
      "and the Job goes",
      stopping(resuming, { archive: working({ phase: "Failed" }), jobs: [{ id: "r" }, listed[1] ?? {}] }),
      "DeleteArchiveJob",
    ],
    ["and it is over", stopping(resuming, { jobs: [{ id: "r" }, listed[1] ?? {}] }), "WriteLedger rest 3 Q3"],
  ],
  restore: [
    ["begins empty, at the size that is asked for", starting(stopped, { size: 0 }), "Scale 0→3 Start/Joining Q3"],
    [
      "at a larger one",
      starting(stopped, { size: 0, spec: { ...archiveMode, replicas: 5 } }),
      "Scale 0→5 Start/Joining Q5",
    ],
    [
      "not smaller than its jobs need",
      starting(stopped, { size: 0, spec: { ...archiveMode, replicas: 1 } }),
      "blocked TooFewForJobs",
    ],
    [
      "smaller all the same, where it is accepted that they need fewer",
      starting(stopped, {
        size: 0,
        spec: { ...archiveMode, replicas: 1 },
        metadata: { ...kept.metadata, ...lowering },
      }),
      "Scale 0→1 Start/Joining Q3",
    ],
    [
      "not with another minor version",
      starting(stopped, { size: 0, version: "5.5.0", spec: { ...archiveMode, replicas: 3, version: "5.5.0" } }),
      "blocked ArchiveOfOtherVersion",
    ],
    [
      "not without its volume",
      starting(stopped, { size: 0, archive: { claim: undefined, work: undefined } }),
      "blocked ArchiveVolumeMissing",
    ],
    [
      "lets the volume go first",
      starting(stopped, { size: 0, archive: working({ phase: "Succeeded" }) }),
      "DeleteArchiveJob",
    ],
    ["waits for all members", starting(joining, { member: { 2: "NoAnswer" } }), "wait MembersUnknown"],
    ["not into a cluster with jobs", starting(joining, { jobs: [{ id: "x" }] }), "blocked ForeignJobs"],
    ["writes down that it loads", starting(joining), "WriteLedger Start/Loading Q3"],
    ["starts the Job", starting(loading), "CreateArchiveJob restore"],
    [
      "ends the Job where other members are there than were filled",
      starting({ ...loading, ...others }, { archive: working({ phase: "Succeeded" }, "restore"), jobs: listed }),
      "DeleteArchiveJob",
    ],
    ["and fills these", starting({ ...loading, ...others }), "WriteLedger Start/Loading Q3"],
    ["waits for it", starting(loading, { archive: working({}, "restore") }), "wait Restoring"],
    [
      "waits a minute after it failed",
      starting(loading, { archive: working({ phase: "Failed", endedAt: now - 5_000 }, "restore") }),
      "blocked RestoreFailed",
    ],
    [
      "and tries it again",
      starting(loading, { archive: working({ phase: "Failed", endedAt: now - 90_000 }, "restore") }),
      "DeleteArchiveJob",
    ],
    [
      "loads again where the jobs are not there: members crashed",
      starting(loading, { archive: working({ phase: "Succeeded" }, "restore") }),
      "DeleteArchiveJob",
    ],
    [
      "is loaded when exactly its jobs are there, suspended",
      starting(loading, { archive: working({ phase: "Succeeded" }, "restore"), jobs: listed }),
      "WriteLedger Start/Loaded Q3",
    ],
    [
      "lets the volume go before any job goes on",
      starting(loaded, { archive: working({ phase: "Succeeded" }, "restore"), jobs: listed }),
      "DeleteArchiveJob",
    ],
    ["loads again when all was lost meanwhile", starting(loaded), "WriteLedger Start/Loading Q3"],
    [
      "and when members went that may have held part of it alone",
      starting({ ...loaded, ...others }, { jobs: listed }),
      "WriteLedger Start/Loading Q3",
    ],
    ["then its jobs may go on", starting(loaded, { jobs: listed }), "WriteLedger Start/Releasing Q3"],
    [
      "not where members went before the first of them did",
      starting({ ...releasing, ...others }, { jobs: [{ ...listed[0], autoScaling: true }, listed[1] ?? {}] }),
      "WriteLedger Start/Loading Q3",
    ],
    [
      "but where the engine itself may have suspended it since",
      starting({ ...releasing, ...others }, { jobs: [{ ...listed[0], autoScaling: false }, listed[1] ?? {}] }),
      "ResumeJob r",
    ],
    [
      "and where they have gone on already it is over",
      starting({ ...releasing, ...others }, { jobs: [{ id: "r" }, listed[1] ?? {}] }),
      "WriteLedger rest 3 Q3",
    ],
    ["those that ran", starting(releasing, { jobs: listed }), "ResumeJob r"],
    ["and no other", starting(releasing, { jobs: [{ id: "r" }, listed[1] ?? {}] }), "WriteLedger rest 3 Q3"],
    ["may be taken back until jobs go on", starting(loading, { ...stopIt }), "Scale 3→0 Stop/Halting Q3"],
    ["and not afterwards", starting(releasing, { ...stopIt, jobs: listed }), "ResumeJob r"],
  ],
  "a restart for what members cannot take one by one": [
    ["begins with a save", running({ ...otherNames }), "WriteLedger Stop/Preparing Q3"],
    [
      "also of a single member",
      running({ size: 1, spec: { ...archiveMode, replicas: 1 }, specHash: "other" }),
      "WriteLedger Stop/Preparing Q1",
    ],
    ["not to another minor version", running({ ...otherNames, version: "5.6.0" }), "blocked MinorVersionChanged"],
    [
      "goes on although the change is there",
      stopping(saving, { ...startIt, ...otherNames, archive: working({}), member: passive, jobs: listed }),
      "wait Archiving",
    ],
    [
      "is given up when it is taken back",
      stopping(saving, { ...startIt, archive: working({}), member: passive, jobs: listed }),
      "WriteLedger Stop/Reactivating Q3",
    ],
    ["brings the change while nobody runs", starting(stopped, { size: 0, ...otherNames }), "WriteTemplate stopped Q3"],
    ["and then restores", starting(stopped, { size: 0 }), "Scale 0→3 Start/Joining Q3"],
    ["waits for a roll that is under way", running({ ...otherNames, ledger: rolling }), "WriteLedger rest 3 Q3"],
  ],
  "a cluster whose StatefulSet or JetCluster was made anew": [
    [
      "is the stopped one, where the claim says so",
      {
        ...startIt,
        ...kept,
        archive: {
          claim: { ...claim, stamp: { ...stamp, stopped: true } },
          work: undefined,
        },
      },
      "Create 0 stopped Q3",
    ],
    [
      "is a new one, where it ran when that went",
      {
        ...startIt,
        ...kept,
        archive: {
          claim: { ...claim, stamp },
          work: undefined,
        },
      },
      "Create 3 Form/Joining Q3",
    ],
    [
      "ends its stop before it is let go",
      {
        ...{ size: 0, ledger: halt(saving, { size: 3, lossless: true, because: "Remove", archive: saved }, at) },
        ...{ ...startIt, archive: volume },
        metadata: { finalizers: [finalizer], deletionTimestamp: new Date(now - 1_000).toISOString() },
      },
      "WriteLedger stopped Q3",
    ],
    [
      "is not let go before the claim says so",
      {
        ...{ size: 0, ledger: stopped, ...startIt, archive: volume },
        metadata: { finalizers: [finalizer], deletionTimestamp: new Date(now - 1_000).toISOString() },
      },
      "wait StampMissing",
    ],
  ],
};

describe.each(Object.entries(cases))("%s", (_, table) => {
  test.each(table)("%s", (_, about, expected) => {
    expect(told(plan(observe(about)))).toBe(expected);
  });
});

test("the archive remembers which jobs ran, and the ledger keeps it while the cluster runs", () => {
  const step = plan(
    observe(stopping(saving, { archive: working({ phase: "Succeeded", result }), member: passive, jobs: listed })),
  );
  const ledger = step.kind === "effect" && step.effect.kind === "Scale" ? step.effect.ledger : undefined;
  expect(ledger?.archive?.jobs.map(({ id, ran }) => [id, ran])).toEqual([
    ["r", true],
    ["s", false],
  ]);
});

test("the Job is told the members' addresses and the digest of what it is to restore, and nothing else will do", () => {
  const step = plan(observe(starting(loading)));
  expect(step).toMatchObject({
    effect: { task: { nonce, digest: "d1", size: 3, members: expect.arrayContaining([expect.any(String)]) } },
  });
});

test("that jobs need fewer members is accepted once, and goes with the start into the arguments of the Job", () => {
  const few = starting(stopped, {
    size: 0,
    spec: { ...archiveMode, replicas: 1 },
    metadata: { ...kept.metadata, ...lowering },
  });
  const step = plan(observe(few));
  const ledger = step.kind === "effect" && step.effect.kind === "Scale" ? step.effect.ledger : undefined;
  expect(ledger).toMatchObject({ accepted: `${clusterUid}/7/lower-job-quorum`, operation: { mostQuorum: 1 } });
  const load = plan(
    observe({ ...few, size: 1, ledger: fillMembers(ledger!, { members: [uuidOf(0)], clusterId: undefined }, at) }),
  );
  expect(load).toMatchObject({ effect: { kind: "CreateArchiveJob", task: { does: "restore", mostQuorum: 1 } } });
});

test("nobody's quorum is lowered where there are enough members, whatever is accepted", () => {
  const step = plan(observe(starting(stopped, { size: 0, metadata: { ...kept.metadata, ...lowering } })));
  const ledger = step.kind === "effect" && step.effect.kind === "Scale" ? step.effect.ledger : undefined;
  expect([ledger?.accepted, ledger?.operation?.mostQuorum]).toEqual([undefined, undefined]);
});

test("what is blocked for too few members names the least size, and the acceptance", () => {
  const step = plan(observe(starting(stopped, { size: 0, spec: { ...archiveMode, replicas: 1 } })));
  const remedy = step.kind === "blocked" ? step.by[0]?.remedy : undefined;
  expect(remedy).toMatch(/spec\.replicas to 3 or more.*let them need 1 .*\/lower-job-quorum$/);
});

test("who saves calls the cluster as its members still do, whatever the spec calls it by now", () => {
  const renamed = { ...stopIt, spec: { ...stopIt.spec, clusterName: "new" } };
  const save = plan(observe({ ...stopping(preparing), ...renamed, statefulSet: { clusterName: "old" } }));
  expect(save).toMatchObject({ effect: { kind: "CreateArchiveJob", task: { does: "save", clusterName: "old" } } });
});

test("another minor version is refused with both versions and both ways on", () => {
  const step = plan(observe(running({ ...otherNames, version: "5.6.0" })));
  const reason = step.kind === "blocked" ? step.by[0] : undefined;
  expect(reason?.observed).toBe("the cluster runs 5.7.0; the spec asks for 5.6.0");
  expect(reason?.remedy).toMatch(/spec.version to 5.7.0.*mode to Disabled/);
});

test.each([
  ["an accepted loss counts until the last job is suspended", "Suspend", "a/7/lose-data", "SuspendJob r"],
  ["one that nobody has accepted holds the stop up", "Suspend", undefined, "blocked SnapshotIncomplete"],
  ["a deletion does not ask for it", "Remove", undefined, "SuspendJob r"],
] as const)("snapshots that lack entries: %s", (_, because, accepted, expected) => {
  const begun = beginArchive(ready, { size: 3, because, nonce, accepted }, at);
  const ledger = suspendForArchive(begun, [{ id: "r", refresh: false }], at);
  const completeness = { kind: "Incomplete", chunks: 3_500, emitted: 10_000, stored: 9_500 } as const;
  const step = plan(observe(stopping(ledger, { archive: working({}), jobs: [{ id: "r", completeness }] })));
  expect(told(step)).toBe(expected);
});

test("where all members are new, and jobs may have gone on, a start says that all is lost", () => {
  const step = plan(observe(starting({ ...releasing, ...others, clusterId: "before" })));
  expect(step).toMatchObject({
    effect: {
      ledger: {
        clusterId: "cluster-id",
        archive: saved,
        stateLost: { jobs: ["payments (r)", "paused (s)"] },
        lastOperation: { kind: "Start", result: "Abandoned" },
      },
    },
  });
  expect(step).not.toHaveProperty("effect.ledger.operation");
});
