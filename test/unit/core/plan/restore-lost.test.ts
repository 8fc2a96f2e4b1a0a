import { describe, expect, test } from "vitest";
import { annotation, finalizer } from "../../../../src/api/names.ts";
import type { ArchiveFacts } from "../../../../src/core/evidence/archive.ts";
import type { Archive, Ledger } from "../../../../src/core/ledger.ts";
import { beginReleasing, beginRestore } from "../../../../src/core/ledger-stop-transitions.ts";
import { enter, recordLoss } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { type Case, clusterUid, formed, now, observe } from "../observation-fixture.ts";
import { told } from "./told.ts";

/** All members were replaced at once, in a cluster that has an archive of an earlier stop. */
const at = "2026-01-01T11:00:00.000Z";
const losslessRestart = { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } };
const saved: Archive = {
  ...{ generation: 4, nonce: "0123456789abcdef", digest: "d1", at, version: "5.7.0", entries: 10, bytes: 100 },
  jobs: [
    { id: "r", name: "payments", ran: true, quorum: 2 },
    { id: "s", name: "paused", ran: false, quorum: 0 },
  ],
};
const needy: Archive = { ...saved, jobs: [{ id: "r", name: "payments", ran: true, quorum: 4 }] };
const listed = [
  { id: "r", name: "payments", status: "SUSPENDED" as const, suspension: "" },
  { id: "s", name: "paused", status: "SUSPENDED" as const, suspension: "" },
];
const volume: ArchiveFacts = {
  claim: {
    ...{ name: "orders-archive", uid: "c1", bound: true, deleting: false, requested: "1Gi", tied: false },
    stamp: undefined,
  },
  work: undefined,
};

const lostWith = (archive: Archive | undefined): Ledger => {
  const before = { ...formed(3, { clusterId: "before" }), ...(archive && { archive }) };
  return recordLoss(
    before,
    { members: ["uuid-0", "uuid-1", "uuid-2"], clusterId: "cluster-id", jobs: ["payments"] },
    at,
  );
};
const accepting = (action: string) => ({
  finalizers: [finalizer],
  generation: 7,
  annotations: { [annotation.accept]: `${clusterUid}/7/${action}` },
});
const lost = (more: Case = {}): Case => ({
  ...{ size: 3, ledger: lostWith(saved), archive: volume, spec: { losslessRestart, replicas: 3 } },
  metadata: { finalizers: [finalizer], generation: 7 },
  ...more,
});
const accepted = (more: Case = {}): Case => lost({ metadata: accepting("restore-archive"), ...more });
const deleted = { finalizers: [finalizer], deletionTimestamp: new Date(now - 1_000).toISOString() };
const disabled = { losslessRestart: { mode: "Disabled" as const }, replicas: 3 };

const rows: [string, Case, string][] = [
  ["restores nothing by itself", lost(), "blocked StateLost"],
  ["restores the newest archive where that is accepted", accepted(), "WriteLedger Start/Joining Q3"],
  [
    "not for another version of the spec",
    accepted({ metadata: { ...accepting("restore-archive"), generation: 8 } }),
    "blocked StateLost",
  ],
  ["not where there is none", accepted({ ledger: lostWith(undefined) }), "blocked StateLost"],
  ["not in another mode", accepted({ spec: disabled }), "RemoveFinalizer"],
  ["not beside other jobs", accepted({ jobs: [{ id: "x", name: "new" }] }), "blocked ForeignJobs"],
  ["not while it is not known which jobs there are", accepted({ jobs: "no answer" }), "wait JobsUnknown"],
  [
    "not without the volume",
    accepted({ archive: { claim: undefined, work: undefined } }),
    "blocked ArchiveVolumeMissing",
  ],
  ["not with fewer members than its jobs need", accepted({ ledger: lostWith(needy) }), "blocked TooFewForJobs"],
  [
    "with fewer, where it is accepted that they need fewer",
    accepted({ ledger: lostWith(needy), metadata: accepting("lower-job-quorum") }),
    "WriteLedger Start/Joining Q3",
  ],
  [
    "not for that alone where there are enough",
    accepted({ metadata: accepting("lower-job-quorum") }),
    "blocked StateLost",
  ],
  ["not while a member does not answer", accepted({ member: { 2: "NoAnswer" } }), "wait MembersUnknown"],
  [
    "goes on without it where the loss is taken note of",
    lost({ metadata: accepting("lose-data") }),
    "WriteLedger rest 3 Q3",
  ],
  [
    "is not saved over the archive when it is to stop",
    lost({ spec: { losslessRestart, replicas: 3, suspend: true } }),
    "blocked StateLost",
  ],
  [
    "is stopped again at once where it is to stop",
    accepted({ spec: { losslessRestart, replicas: 3, suspend: true } }),
    "WriteLedger Start/Joining Q3",
  ],
  ["and where its size is 0", accepted({ spec: { losslessRestart, replicas: 0 } }), "WriteLedger Start/Joining Q3"],
  [
    "nobody restores it while it is deleted",
    accepted({ metadata: { ...accepting("restore-archive"), ...deleted } }),
    "Scale 3→0 Stop/Halting Q3",
  ],
  ["is not saved over the archive when it is deleted", lost({ metadata: deleted }), "Scale 3→0 Stop/Halting Q3"],
  [
    "is saved when it is deleted with jobs of its own",
    lost({ metadata: deleted, jobs: [{ id: "x" }] }),
    "WriteLedger Stop/Preparing Q3",
  ],
];

describe("a cluster that has lost all its memory", () => {
  test.each(rows)("%s", (_, about, expected) => {
    expect(told(plan(observe(about)))).toBe(expected);
  });
});

function ledgerAfter(about: Case): Ledger | undefined {
  const step = plan(observe(about));
  return step.kind === "effect" && "ledger" in step.effect ? step.effect.ledger : undefined;
}

test("what was accepted is used up in the write that begins the restore, and the loss is over", () => {
  const next = ledgerAfter(accepted());
  expect(next).toMatchObject({
    accepted: `${clusterUid}/7/restore-archive`,
    operation: { kind: "Start", to: 3, replicas: 3, archive: saved.nonce, jobs: [{ id: "r", refresh: false }] },
  });
  expect(next?.stateLost).toBeUndefined();
});

test("from then on it is the restore of a start", () => {
  const joining = ledgerAfter(accepted());
  const loading = ledgerAfter(accepted({ ledger: joining! }));
  expect(loading?.operation?.step).toBe("Loading");
  expect(told(plan(observe(accepted({ ledger: loading! }))))).toBe("CreateArchiveJob restore");
});

test("the remedy names the archive with its jobs and both ways on", () => {
  const step = plan(observe(lost()));
  const remedy = step.kind === "blocked" ? step.by[0]?.remedy : undefined;
  expect(remedy).toMatch(/archive 4, saved 2026-01-01T11:00:00.000Z, with the jobs payments \(r\), paused \(s\)/);
  expect(remedy).toContain(`jet-operator.io/accept=${clusterUid}/7/restore-archive`);
  expect(remedy).toContain(`jet-operator.io/accept=${clusterUid}/7/lose-data`);
});

describe("all members lost after their jobs were let go on", () => {
  const loaded = enter(beginRestore(lostWith(saved), 3, { archive: saved }, at), "Loaded", at);
  const starting = (ledger: Ledger, more: Case = {}): Case => lost({ ledger, ...more });

  test("who the cluster is stands in the ledger before the first job goes on", () => {
    const next = ledgerAfter(starting({ ...loaded, clusterId: "none" }, { jobs: listed }));
    expect(next).toMatchObject({ clusterId: "cluster-id", operation: { step: "Releasing" } });
  });

  test("is a loss like any other, with the archive's jobs named", () => {
    const releasing = beginReleasing(loaded, { members: ["other"], clusterId: "before" }, at);
    const ended = ledgerAfter(starting(releasing));
    expect(ended?.operation).toBeUndefined();
    expect(ended?.stateLost?.jobs).toEqual(["payments (r)", "paused (s)"]);
    expect(told(plan(observe(starting(ended!))))).toBe("blocked StateLost");
  });
});
