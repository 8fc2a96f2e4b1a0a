import { describe, expect, test } from "vitest";
import { annotation, finalizer } from "../../../../src/api/names.ts";
import type { JobFacts } from "../../../../src/core/evidence/observation.ts";
import type { JobMemory, Ledger, WaitingJob } from "../../../../src/core/ledger.ts";
import { beginStop } from "../../../../src/core/ledger-stop-transitions.ts";
import { beginRoll, beginShrink } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import type { Step } from "../../../../src/core/plan/step.ts";
import { type Case, clusterUid, formed, now, observe, uuidOf } from "../observation-fixture.ts";

const at = "2026-01-01T11:00:00.000Z";
const accepted = { annotations: { [annotation.accept]: `${clusterUid}/1/lose-data` } };
const three = [0, 1, 2].map(uuidOf);
const standsFor = (seconds: number, members = three) => ({
  since: new Date(now - seconds * 1_000).toISOString(),
  members,
});
const snapshot = { id: 7, startedAt: now - 90_000, endedAt: now - 89_900 };
const stamp = `7@${snapshot.startedAt}`;

/** A job without auto-scaling that runs. */
const running: Partial<JobFacts> = { id: "f", name: "fixed", autoScaling: false, snapshot };
/** Suspended by the engine, which says nothing of it: long after its last snapshot. */
const suspended: Partial<JobFacts> = { ...running, status: "SUSPENDED", suspension: "", recordedAt: now - 80_000 };
/** Suspended right after a snapshot, as a user does it. */
const byUser: Partial<JobFacts> = { ...suspended, recordedAt: snapshot.endedAt + 100 };
/** On a newer snapshot: it has run since. */
const later: Partial<JobFacts> = { ...suspended, snapshot: { ...snapshot, id: 8, startedAt: now - 70_000 } };

const loss: WaitingJob = { id: "f", name: "fixed", by: "MemberLoss", size: 3, snapshots: [stamp] };
const minority: WaitingJob = { id: "p", by: "Minority", size: 5, snapshots: [], asked: ["uuid-0"] };

function remembering(jobs: Partial<JobMemory>, more: Partial<Ledger> = {}, size = 3): Ledger {
  return formed(size, { jobs: { waiting: [], vanished: [], ...jobs }, ...more });
}
const ran = { unscaled: { members: [...three.slice(0, 2), "uuid-lost"], jobs: ["f"] } };
const waiting = (seconds = 60) => remembering({ waiting: [loss], settled: standsFor(seconds) });

/** The jobs of a ledger that is to be written, or what else is done. */
function told(step: Step): string | JobMemory | undefined {
  if (step.kind === "wait") return `wait ${step.for.check}`;
  if (step.kind === "blocked") return `blocked ${step.by.map((unmet) => unmet.check).join(" ")}`;
  if (step.kind === "done") return "done";
  const { effect } = step;
  if (effect.kind === "WriteLedger") return effect.ledger.jobs;
  if (effect.kind === "SuspendJob") return `SuspendJob ${effect.job} through ${effect.through}`;
  return effect.kind === "ResumeJob" ? `ResumeJob ${effect.job}` : effect.kind;
}

const planned = (about: Case) => told(plan(observe(about)));

describe("jobs without auto-scaling", () => {
  test("are kept in mind with the members they run on, once", () => {
    const memory = { waiting: [], unscaled: { members: three, jobs: ["f"] }, vanished: [] };
    expect(planned({ size: 3, jobs: [running, { id: "other" }] })).toEqual(memory);
    expect(planned({ size: 3, ledger: formed(3, { jobs: memory }), jobs: [running, { id: "other" }] })).toBe("done");
  });

  test("are kept with those whom they ran on while a member is missing, and while they move", () => {
    const missing: Case = { size: 3, pods: [0, 1], ledger: remembering(ran), jobs: [running] };
    expect(planned(missing)).toBe("wait PodsNotReady");
    const moving = { ...running, status: "NOT_RUNNING" as const };
    expect(planned({ size: 3, ledger: remembering(ran), jobs: [moving] })).toBe("done");
  });

  test.each<[string, Partial<JobFacts>, string[]]>([
    ["by a loss, as its record tells", suspended, [stamp]],
    ["by nobody knows whom", byUser, []],
  ])("that are suspended %s while a member is missing wait to go on", (_, job, snapshots) => {
    const memory = { waiting: [{ ...loss, snapshots }], vanished: [] };
    expect(planned({ size: 3, pods: [0, 1], ledger: remembering(ran), jobs: [job] })).toEqual(memory);
  });

  test("are noted also once another member has taken the place of the lost one", () => {
    const memory = { waiting: [loss], vanished: [], settled: { since: new Date(now).toISOString(), members: three } };
    expect(planned({ size: 3, ledger: remembering(ran), jobs: [suspended] })).toEqual(memory);
  });

  test.each<[string, Partial<JobFacts>, string[]]>([
    ["only named where their record tells of a loss", suspended, []],
    ["noted where they were seen at work on the same snapshot", { ...suspended, lastActive: { snapshot } }, [stamp]],
  ])("that were never kept in mind are %s", (_, job, snapshots) => {
    const memory = { waiting: [{ ...loss, snapshots }], vanished: [] };
    expect(planned({ size: 3, pods: [0, 1], jobs: [job] })).toEqual(memory);
  });

  test.each<[string, Partial<JobFacts>]>([
    ["as their user does it", byUser],
    ["long ago", { ...suspended, snapshot: { ...snapshot, endedAt: 0 }, recordedAt: now - 300_000 }],
  ])("that were never kept in mind are left alone when suspended %s", (_, job) => {
    expect(planned({ size: 3, pods: [0, 1], jobs: [job] })).toBe("wait PodsNotReady");
  });

  test("are noted while an operation is under way, which goes on", () => {
    const rolling = beginRoll(remembering(ran), { size: 3, version: "5.7.0", jobs: [] }, at);
    expect(planned({ size: 3, pods: [0, 1], ledger: rolling, jobs: [suspended] })).toMatchObject({ waiting: [loss] });
  });

  test("are the operation's where it has suspended them", () => {
    const jobs = [{ id: "f", refresh: false }];
    const rolling = beginRoll(remembering(ran), { size: 3, version: "5.7.0", jobs }, at);
    expect(planned({ size: 3, pods: [0, 1], ledger: rolling, jobs: [suspended] })).toBeUndefined();
  });

  test.each<[string, Case]>([
    ["their user suspended while all members were there", { jobs: [suspended] }],
    ["have ended", { jobs: [{ ...running, status: "COMPLETED" }] }],
    ["the engine suspended for their snapshot", { jobs: [{ ...suspended, suspension: "is corrupted" }] }],
    ["keep no state any more", { jobs: [{ ...running, keepsState: false }] }],
  ])("are forgotten when %s", (_, about) => {
    const here = remembering({ unscaled: { members: three, jobs: ["f"] } });
    expect(planned({ size: 3, ledger: here, ...about })).toBeUndefined();
  });

  test("are not given up as their user's while the news of a loss may be on its way", () => {
    const here = remembering({ unscaled: { members: three, jobs: ["f"] } });
    expect(planned({ size: 3, ledger: here, jobs: [{ ...suspended, recordedAt: now - 5_000 }] })).toBe("done");
  });

  test("are suspended first where members are about to leave: the engine would not let them go on", () => {
    expect(planned({ size: 5, spec: { replicas: 3 }, jobs: [running] })).toMatchObject({ unscaled: { jobs: ["f"] } });
    const known = remembering({ unscaled: { members: [0, 1, 2, 3, 4].map(uuidOf), jobs: ["f"] } }, {}, 5);
    const step = plan(observe({ size: 5, spec: { replicas: 3 }, ledger: known, jobs: [running] }));
    const jobs = [{ id: "f", refresh: false }];
    expect(step).toMatchObject({ effect: { ledger: { operation: { step: "SuspendingJobs", jobs } } } });
  });
});

describe("a waiting job", () => {
  test("goes on in a whole view that has stood long enough", () => {
    expect(planned({ size: 3, ledger: waiting(), jobs: [suspended] })).toBe("ResumeJob f");
  });

  test("goes on before a size that is asked for, and one job a pass", () => {
    const two = { ...loss, id: "g" };
    const both = remembering({ waiting: [loss, two], settled: standsFor(60) });
    const jobs = [suspended, { ...suspended, id: "g" }];
    expect(planned({ size: 3, spec: { replicas: 5 }, ledger: both, jobs })).toBe("ResumeJob f");
  });

  test.each<[string, Case, string]>([
    ["before the view has stood long enough", { ledger: waiting(59) }, "done"],
    ["where the user wants to resume it", { ledger: waiting(), spec: { jobs: { resume: "Manual" } } }, "done"],
    ["while a member is unsafe", { ledger: waiting(), member: { 1: { safe: false } } }, "wait PartitionsNotSafe"],
    ["while a member is silent", { ledger: waiting(), member: { 1: "timeout" } }, "wait MembersUnknown"],
    ["while a pod is missing", { ledger: waiting(), pods: [0, 1], islands: [[0, 1, 2]] }, "wait PodsNotReady"],
    ["while the jobs are unknown", { ledger: waiting(), jobs: "asked once" }, "done"],
    [
      "while its suspension is on its way",
      { ledger: waiting(), jobs: [{ ...suspended, status: "COMPLETING" }] },
      "done",
    ],
    [
      "with half of what it was suspended in, though Q has fallen",
      { ledger: remembering({ waiting: [{ ...loss, size: 6 }], settled: standsFor(60) }) },
      "done",
    ],
    ["with half of Q", { ledger: remembering({ waiting: [loss], settled: standsFor(60) }, { quorumBase: 6 }) }, "done"],
    [
      "whose suspender nobody knows",
      { ledger: remembering({ waiting: [{ ...loss, snapshots: [] }], settled: standsFor(60) }) },
      "done",
    ],
  ])("does not go on %s", (_, about, expected) => {
    expect(planned({ size: 3, jobs: [suspended], ...about })).toBe(expected);
  });

  test("holds up no operation", () => {
    const about: Case = { size: 3, spec: { replicas: 5 }, ledger: waiting(10), jobs: [suspended] };
    expect(planned(about)).toBe("Scale");
  });

  test.each<[string, Partial<JobFacts> | undefined]>([
    ["runs", running],
    ["has run since, on a newer snapshot, so that it is its user's", later],
    ["has ended", { ...running, status: "FAILED" }],
    ["is damaged", { ...suspended, suspension: "is corrupted" }],
    ["is gone", undefined],
  ])("is forgotten when it %s", (_, job) => {
    const memory = planned({ size: 3, ledger: waiting(), jobs: job ? [job] : [] }) as JobMemory | undefined;
    expect(memory?.waiting ?? []).toEqual([]);
  });

  test("waits anew when the view has changed", () => {
    const others = remembering({ waiting: [loss], settled: standsFor(3_600, ["uuid-0", "uuid-1", "uuid-9"]) });
    const since = new Date(now).toISOString();
    expect(planned({ size: 3, ledger: others, jobs: [suspended] })).toMatchObject({
      settled: { since, members: three },
    });
  });

  test("waits anew when a member went and came back by its old name", () => {
    const order = remembering({ waiting: [loss], settled: standsFor(3_600, ["uuid-1", "uuid-0", "uuid-2"]) });
    const since = new Date(now).toISOString();
    expect(planned({ size: 3, ledger: order, jobs: [suspended] })).toMatchObject({
      settled: { since, members: three },
    });
  });

  test("waits anew after a split, also when the same members are one view again", () => {
    const memory = planned({ size: 3, ledger: waiting(3_600), islands: [[0], [1, 2]] });
    expect(memory).toEqual({ waiting: [loss], vanished: [] });
  });

  test("is left to its user when they have taken note that nobody knows who suspended it", () => {
    const unclear = remembering({ waiting: [{ ...loss, snapshots: [] }], settled: standsFor(60) });
    const memory = planned({ size: 3, ledger: unclear, jobs: [suspended], metadata: accepted }) as JobMemory;
    expect(memory.waiting).toEqual([]);
  });
});

describe("a stop of the whole cluster", () => {
  const hotRestart = {
    suspend: true,
    licenseKeySecretRef: { name: "licence", key: "key" },
    losslessRestart: { mode: "HotRestart" as const, hotRestart: { storage: { size: "1Gi" } } },
  };
  const passive = Object.fromEntries([0, 1, 2].map((o) => [o, { clusterState: "PASSIVE" as const }]));
  const unscaled = { members: three, jobs: ["f"] };
  const stopping = (jobs: Case["jobs"]) => {
    const ledger = beginStop(remembering({ unscaled, settled: standsFor(60) }), 3, "Suspend", at);
    const metadata = { finalizers: [finalizer] };
    const step = plan(
      observe({ size: 3, metadata, spec: hotRestart, claims: [{}, {}, {}], member: passive, ledger, jobs: jobs ?? [] }),
    );
    return step.kind === "effect" && step.effect.kind === "Scale" ? step.effect.ledger.jobs : step;
  };

  test.each<[string, Case["jobs"], string[]]>([
    ["by the snapshot that it took for the stop", [{ ...running, status: "NOT_RUNNING" }], [stamp]],
    ["without one where the jobs are unknown", "asked once", []],
  ])("notes a job that the engine will not start again, %s", (_, jobs, snapshots) => {
    const name = snapshots.length > 0 ? { name: "fixed" } : {};
    expect(stopping(jobs)).toEqual({ waiting: [{ id: "f", ...name, by: "Stop", size: 3, snapshots }], vanished: [] });
  });

  test("leaves one alone that its user has suspended meanwhile", () => {
    expect(stopping([suspended])).toEqual({ waiting: [], vanished: [] });
  });
});

describe("the smaller side of a split", () => {
  const split = [
    [0, 1],
    [2, 3, 4],
  ];
  const spec = { splitBrain: { minority: "SuspendJobs" as const } };
  const open: Partial<JobFacts> = { id: "p", protected: false, snapshot };
  const on = (job: Partial<JobFacts>, ledger = formed(5)): Case => ({
    size: 5,
    spec,
    islands: split,
    ledger,
    sides: [{ of: [0, 1], jobs: [job] }],
  });
  const noted = remembering({ waiting: [minority] }, {}, 5);

  test("has its unprotected jobs noted before it is asked to suspend them", () => {
    expect(planned(on(open))).toEqual({ waiting: [minority], vanished: [] });
  });

  test("is asked through a member of its own, during an operation as well", () => {
    expect(planned(on(open, noted))).toBe("SuspendJob p through uuid-0");
    const shrinking = { ...beginShrink(noted, { from: 5, to: 3 }, [], at) };
    const resting = { ...shrinking, operation: { ...shrinking.operation!, replicas: 5 } };
    expect(planned(on(open, resting))).toBe("SuspendJob p through uuid-0");
  });

  test("tells what the suspended job stands on, once", () => {
    const job = { ...open, status: "SUSPENDED" as const, suspension: "" };
    const standing = { ...minority, snapshots: [stamp] };
    expect(planned(on(job, noted))).toEqual({ waiting: [standing], vanished: [] });
    expect(planned(on(job, remembering({ waiting: [standing] }, {}, 5)))).toBe("wait ViewsDiffer");
  });

  test.each<[string, Partial<JobFacts>]>([
    ["protected", { ...open, protected: true }],
    ["of unknown protection", { ...open, protected: undefined }],
    ["on its way into another state", { ...open, status: "STARTING" }],
    ["suspended by its user before", { ...open, status: "SUSPENDED", suspension: "" }],
  ])("keeps a job that is %s", (_, job) => {
    expect(planned(on(job))).toBe("wait ViewsDiffer");
  });

  test("another small side's job that its user suspended is not taken for ours", () => {
    const job = { ...open, status: "SUSPENDED" as const, suspension: "" };
    expect(planned({ ...on(job, noted), sides: [{ of: [3, 4], jobs: [job] }] })).toBe("wait ViewsDiffer");
  });

  test("is forgotten when all are one view and the job runs", () => {
    const about: Case = { size: 5, ledger: noted, jobs: [open] };
    expect(planned(about)).toBeUndefined();
  });

  test("goes on afterwards where its copy is the one that is left", () => {
    const members = [0, 1, 2, 3, 4].map(uuidOf);
    const kept = remembering(
      { waiting: [{ ...minority, snapshots: [stamp] }], settled: standsFor(60, members) },
      {},
      5,
    );
    const job = { ...open, status: "SUSPENDED" as const, suspension: "" };
    expect(planned({ size: 5, ledger: kept, jobs: [job] })).toBe("ResumeJob p");
    const others = { ...job, snapshot: { ...snapshot, startedAt: snapshot.startedAt + 1 } };
    expect(planned({ size: 5, ledger: kept, jobs: [others] })).toBeUndefined();
  });
});

test("a copy of a side that was asked and never heard again is left to a person", () => {
  const members = [0, 1, 2, 3, 4].map(uuidOf);
  const halfHeard = { ...minority, snapshots: ["9@1"], asked: ["uuid-0", "uuid-3"] };
  const ledger = remembering({ waiting: [halfHeard], settled: standsFor(60, members) }, {}, 5);
  const job = { id: "p", status: "SUSPENDED" as const, suspension: "", snapshot };
  expect(planned({ size: 5, ledger, jobs: [job] })).toBe("done");
});

describe("a job that the engine lists no more", () => {
  const told_ = { status: { jobs: [{ id: "v", name: "payments", status: "UNKNOWN" }] } };
  const vanished = [{ id: "v", name: "payments", at }];

  test("is noted once the cluster is whole", () => {
    const gone = { waiting: [], vanished: [{ id: "v", name: "payments", at: new Date(now).toISOString() }] };
    expect(planned({ size: 3, ...told_ })).toEqual(gone);
    expect(planned({ size: 3, ...told_, ledger: remembering({ vanished }) })).toBe("done");
  });

  test.each<[string, Case]>([
    ["the cluster is not whole", { member: { 1: { safe: false } } }],
    ["the jobs are unknown", { jobs: "asked once" }],
    ["it has ended", { jobs: [{ id: "v", status: "FAILED" }] }],
    ["the cluster's id was never heard", { ledger: withoutId() }],
    [
      "so many have ended that the engine may have forgotten it",
      { jobs: Array.from({ length: 900 }, (_, n) => ({ id: `e${n}`, status: "COMPLETED" as const })) },
    ],
    [
      "the engine was told to forget ended jobs sooner",
      { spec: { config: { properties: { "hazelcast.jet.job.results.ttl.seconds": "60" } } } },
    ],
    ["it was told of before", { status: { jobs: [{ id: "v", status: "VANISHED" }] } }],
  ])("is not missed while %s", (_, about) => {
    const step = planned({ size: 3, ...told_, ...about });
    expect((step as JobMemory | undefined)?.vanished ?? []).toEqual([]);
  });

  test("is noted with the engine's words where it failed for a damaged snapshot", () => {
    const failure = "JetException: State for job 'payments' in IMap 'x' is corrupted";
    const jobs = [{ id: "v", status: "FAILED" as const, failure }];
    const gone = [{ id: "v", name: "payments", at: new Date(now).toISOString(), cause: failure }];
    expect(planned({ size: 3, ...told_, jobs })).toMatchObject({ vanished: gone });
    expect(planned({ size: 3, ledger: remembering({ vanished: gone }), jobs })).toBe("done");
    expect(planned({ size: 3, ...told_, jobs: [{ ...jobs[0], failure: "boom" }] })).toBe("done");
  });

  test("is back when it is listed again", () => {
    expect(planned({ size: 3, ledger: remembering({ vanished }), jobs: [{ id: "v" }] })).toBeUndefined();
  });

  test("is taken note of by a person's word, but not by one that is for a stop", () => {
    const about: Case = { size: 3, ledger: remembering({ vanished }), metadata: accepted };
    expect(planned(about)).toEqual({ waiting: [], vanished: [] });
    expect(planned({ ...about, spec: { suspend: true } })).toBe("Scale");
  });
});

function withoutId(): Ledger {
  const { clusterId: _, ...ledger } = formed(3);
  return ledger;
}
