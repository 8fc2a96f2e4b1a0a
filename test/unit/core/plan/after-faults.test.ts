import { describe, expect, test } from "vitest";
import { finalizer } from "../../../../src/api/names.ts";
import type { KnownMember } from "../../../../src/core/evidence/observation.ts";
import { type Ledger, stampOf } from "../../../../src/core/ledger.ts";
import { beginStart, beginStop, finishStop, halt } from "../../../../src/core/ledger-stop-transitions.ts";
import { beginRoll, beginShrink, enter, finish } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import type { Step } from "../../../../src/core/plan/step.ts";
import { assess } from "../../../../src/core/status/assessment.ts";
import { statusOf } from "../../../../src/core/status/status.ts";
import { type Case, formed, now, observe, uuidOf } from "../observation-fixture.ts";

/** What the simulation found first: faults in the middle of an operation. */
const at = new Date(now).toISOString();
const lossless = { losslessRestart: { mode: "HotRestart" as const, hotRestart: { storage: { size: "1Gi" } } } };
const claims = (size: number): NonNullable<Case["claims"]> => Array.from({ length: size }, () => ({}));
const metadata = { finalizers: [finalizer] };
const stop = { size: 3, lossless: false, because: "Suspend" } as const;
const stamped = (size: number): NonNullable<Case["claims"]> =>
  Array.from({ length: size }, () => ({ stamp: stampOf(formed(size), "orders") }));

describe("a roll", () => {
  const rolling = beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [] }, at);

  test("writes down each new member, so that the last is not taken for another cluster", () => {
    const ledger = { ...rolling, members: ["old-0", "old-1", uuidOf(2)] };
    expect(effectOf(plan(observe({ size: 3, ledger })))).toMatchObject({
      ledger: { operation: { kind: "Roll" }, members: [uuidOf(0), uuidOf(1), uuidOf(2)] },
    });
  });
});

describe("a StatefulSet that was deleted", () => {
  const status = { replicas: 3, clusterId: "before", jobs: [{ id: "p", name: "payments", status: "UNKNOWN" }] };
  const made = effectOf(plan(observe({ status }))) as { ledger: Ledger };
  const rest = finish(made.ledger, 3, at);

  test("is made again with the identity that status remembers", () => {
    expect(made).toMatchObject({ kind: "CreateStatefulSet", ledger: { clusterId: "before", formedSize: 3 } });
  });

  test("with all its pods is a loss of state, once the cluster that comes is another", () => {
    expect(effectOf(plan(observe({ size: 3, ledger: rest, status })))).toMatchObject({
      kind: "WriteLedger",
      ledger: { clusterId: "cluster-id", stateLost: { jobs: ["payments (p)"] } },
    });
  });

  test("is none where the members went on without it", () => {
    const same = { ...rest, clusterId: "cluster-id" };
    const step = effectOf(plan(observe({ size: 3, ledger: same })));
    expect(step).toMatchObject({ kind: "WriteLedger", ledger: { members: [uuidOf(0), uuidOf(1), uuidOf(2)] } });
    expect(step).not.toHaveProperty("ledger.stateLost");
  });

  test("is judged only once the jobs could be asked", () => {
    expect(plan(observe({ size: 3, ledger: rest, status, jobs: "not asked" }))).toMatchObject({
      kind: "wait",
      for: { check: "JobsUnknown" },
    });
  });

  test("of a stopped cluster is no loss: members with volumes come back as they can", () => {
    const begin = observe({ spec: { ...lossless, replicas: 3 }, metadata, status, claims: stamped(3) });
    expect(effectOf(plan(begin))).not.toHaveProperty("ledger.clusterId");
  });

  test("leaves its identity in status, also while nobody has a ledger", () => {
    const statusAt = (about: Case) => statusOf(assess(observe(about), plan(observe(about))));
    expect(statusAt({ size: 3 }).clusterId).toBe("cluster-id");
    expect(statusAt({ status }).clusterId).toBe("before");
    expect(statusAt({ size: 3, ledger: finishStop(halt(formed(3), stop, at), at), status }).clusterId).toBeUndefined();
  });
});

describe("a shrink", () => {
  const jobs = [{ id: "j", status: "RUNNING" as const, protected: true, quorum: 4 }];
  const shrinking = beginShrink(formed(5), { from: 5, to: 3 }, [], at);

  test("ends before the next member when a job's quorum has risen meanwhile", () => {
    const about = { size: 4, spec: { replicas: 3 }, jobs };
    expect(effectOf(plan(observe({ ...about, ledger: shrinking })))).toMatchObject({
      kind: "WriteLedger",
      ledger: { quorumBase: 5, operation: { kind: "Shrink", to: 4, replicas: 4 } },
    });
    expect(plan(observe({ ...about, ledger: formed(4) }))).toMatchObject({
      kind: "blocked",
      by: [{ check: "JobsWouldStrand" }],
    });
  });

  test("that ends so lets the jobs go on that it had suspended", () => {
    const begun = beginShrink(formed(5), { from: 5, to: 3 }, [{ id: "j", refresh: false }], at);
    const suspended = [{ ...jobs[0], status: "SUSPENDED" as const }];
    const ending = effectOf(
      plan(observe({ size: 5, ledger: enter(begun, "Leaving", at), spec: { replicas: 3 }, jobs: suspended })),
    );
    const ledger = (ending as { ledger: Ledger }).ledger;
    const next = { size: 5, spec: { replicas: 3 }, jobs: suspended };
    expect(effectOf(plan(observe({ ...next, ledger })))).toMatchObject({
      ledger: { operation: { step: "RefreshingQuorum" } },
    });
    const resuming = enter(ledger, "ResumingJobs", at);
    expect(effectOf(plan(observe({ ...next, ledger: resuming })))).toEqual({ kind: "ResumeJob", job: "j" });
  });

  test("goes on when that quorum is refreshed afterwards", () => {
    const ledger = enter(beginShrink(formed(4), { from: 4, to: 3 }, [{ id: "j", refresh: true }], at), "Leaving", at);
    const suspended = [{ ...jobs[0], status: "SUSPENDED" as const }];
    expect(effectOf(plan(observe({ size: 4, ledger, spec: { replicas: 3 }, jobs: suspended })))).toMatchObject({
      kind: "Scale",
    });
  });

  test("does not resume a job that the engine suspended for its damaged snapshot, again and again", () => {
    const begun = beginShrink(formed(3), { from: 3, to: 1 }, [{ id: "j", refresh: false }], at);
    const ledger = { ...enter(begun, "ResumingJobs", at), members: [uuidOf(0)] };
    const operation = {
      ...begun.operation,
      step: "ResumingJobs" as const,
      replicas: 1,
      kind: "Shrink" as const,
      from: 3,
      to: 1,
      startedAt: at,
    };
    const suspended = (suspension: string) => [{ id: "j", status: "SUSPENDED" as const, suspension }];
    const about = { size: 1, ledger: { ...ledger, operation }, spec: { replicas: 1 } };
    expect(effectOf(plan(observe({ ...about, jobs: suspended("") })))).toMatchObject({ kind: "ResumeJob" });
    expect(effectOf(plan(observe({ ...about, jobs: suspended("snapshot is damaged") })))).toMatchObject({
      kind: "WriteLedger",
    });
  });
});

describe("a stop whose members fall apart", () => {
  const ledger = beginStop(formed(3), 3, "Suspend", at);
  const spec = { ...lossless, suspend: true };

  test("is given up once a side is PASSIVE: such sides never merge", () => {
    const member = { 2: { clusterState: "PASSIVE" as const } };
    const about = { size: 3, ledger, spec, metadata, claims: claims(3), islands: [[0, 1], [2]], member };
    expect(effectOf(plan(observe(about)))).toMatchObject({ ledger: { operation: { step: "Reactivating" } } });
  });
});

describe("a stop that is given up", () => {
  const ledger = enter(beginStop(formed(3), 3, "Suspend", at), "Reactivating", at);

  test("is not over while a snapshot that PASSIVE waits for is under way", () => {
    const jobs = [{ id: "j", status: "COMPLETING" as const }];
    expect(plan(observe({ size: 3, ledger, spec: lossless, metadata, claims: claims(3), jobs }))).toMatchObject({
      kind: "wait",
      for: { check: "JobMoving" },
    });
  });
});

describe("a PASSIVE that comes after its stop was written off", () => {
  const lastOperation = { kind: "Stop" as const, result: "Abandoned" as const, finishedAt: at };
  const member = { 0: { clusterState: "PASSIVE" as const } };
  const about = { size: 3, spec: lossless, metadata, claims: claims(3), member };

  test("is undone, also where only one side of a split has it", () => {
    const ledger = formed(3, { lastOperation });
    expect(effectOf(plan(observe({ ...about, ledger, islands: [[0], [1, 2]] })))).toEqual({
      kind: "ChangeClusterState",
      to: "ACTIVE",
    });
  });

  test("is a person's after any other operation, and left alone", () => {
    const ledger = formed(3, { lastOperation: { ...lastOperation, result: "Succeeded" } });
    expect(plan(observe({ ...about, ledger }))).toMatchObject({
      kind: "blocked",
      by: [{ check: "ForeignClusterState" }],
    });
  });
});

describe("a side of a split that is PASSIVE beside an ACTIVE one", () => {
  const ledger = enter(
    beginStart(finishStop(halt(formed(3), { ...stop, lossless: true }, at), at), 3, at),
    "Activating",
    at,
  );
  const passive = { clusterState: "PASSIVE" as const };
  const about = { size: 3, spec: lossless, metadata, claims: claims(3), ledger };

  test("needs a person, who lets its pods come back into the ACTIVE side", () => {
    const few = { ...about, islands: [[1, 2], [0]], member: { 0: passive } };
    expect(plan(observe(few))).toMatchObject({
      kind: "blocked",
      by: [
        {
          check: "PassiveSide",
          observed: "{orders-0} is PASSIVE and {orders-1, orders-2} is ACTIVE, each a cluster of its own",
          remedy: expect.stringContaining("kubectl delete pod -n shop orders-0"),
        },
      ],
    });
  });

  test("that is the larger one is made ACTIVE by a person, so that it goes on", () => {
    const most = { ...about, islands: [[1, 2], [0]], member: { 1: passive, 2: passive } };
    expect(plan(observe(most))).toMatchObject({
      kind: "blocked",
      by: [{ check: "PassiveSide", remedy: expect.stringContaining("in orders-1: hz-cluster-admin") }],
    });
  });
});

describe("a lossless start", () => {
  const stopped = finishStop(halt(formed(3), { size: 3, lossless: true, because: "Suspend" }, at), at);
  const begun = (minutes: number) => beginStart(stopped, 3, new Date(now - minutes * 60_000).toISOString());
  const passive = Object.fromEntries(
    [0, 1, 2].map((o): [number, Partial<KnownMember>] => [o, { clusterState: "PASSIVE" }]),
  );
  const divided = { size: 3, spec: lossless, metadata, claims: claims(3), member: passive, islands: [[0, 1], [2]] };

  test("of members that came up divided waits for them to agree", () => {
    expect(plan(observe({ ...divided, ledger: begun(4) }))).toMatchObject({
      kind: "wait",
      for: { check: "ViewsDiffer" },
    });
  });

  test("then stops them and begins anew: PASSIVE clusters never merge", () => {
    expect(effectOf(plan(observe({ ...divided, ledger: begun(6) })))).toMatchObject({
      kind: "Scale",
      to: 0,
      ledger: { operation: { kind: "Stop", step: "Halting", lossless: true } },
    });
  });

  test("is not over while a PASSIVE of before its ledger was lost may still come", () => {
    const whole = { size: 3, spec: lossless, metadata, claims: claims(3), ledger: begun(1) };
    const jobs = [{ id: "j", status: "COMPLETING" as const }];
    expect(plan(observe({ ...whole, jobs }))).toMatchObject({ kind: "wait", for: { check: "JobMoving" } });
    expect(effectOf(plan(observe(whole)))).toMatchObject({ ledger: { lastOperation: { kind: "Start" } } });
  });

  test("but not while one does not answer", () => {
    const member = { ...passive, 2: "timeout" };
    expect(plan(observe({ ...divided, member, ledger: begun(6) }))).toMatchObject({ kind: "wait" });
  });
});

describe("a ledger that is gone", () => {
  test("of a stopped cluster leaves it stopped", () => {
    const about: Case = {
      size: 0,
      ledger: { kind: "absent" },
      spec: { replicas: 3, suspend: true, ...lossless },
      metadata,
      status: { quorum: { base: 3, needed: 2, live: 0 } },
    };
    expect(effectOf(plan(observe(about)))).toMatchObject({ ledger: { stopped: { lossless: true }, formedSize: 3 } });
  });

  test("of members with volumes may be that of a start: they may still be PASSIVE", () => {
    const about: Case = { size: 3, ledger: { kind: "absent" }, spec: lossless, metadata, claims: claims(3) };
    expect(effectOf(plan(observe(about)))).toMatchObject({ ledger: { operation: { kind: "Start", lossless: true } } });
  });
});

function effectOf(step: Step): unknown {
  return step.kind === "effect" ? step.effect : step;
}
