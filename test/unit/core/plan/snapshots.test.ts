import { describe, expect, test } from "vitest";
import { annotation, finalizer } from "../../../../src/api/names.ts";
import type { Completeness, JobFacts } from "../../../../src/core/evidence/observation.ts";
import type { Ledger } from "../../../../src/core/ledger.ts";
import { beginRoll, beginShrink } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import type { Step, Unmet } from "../../../../src/core/plan/step.ts";
import { type Case, clusterUid, formed, now, observe } from "../observation-fixture.ts";

const at = "2026-01-01T11:00:00.000Z";
const incomplete: Completeness = { kind: "Incomplete", chunks: 1_900, emitted: 20_003, stored: 17_016 };
const complete: Completeness = { kind: "Complete", chunks: 1_900, emitted: 20_003, stored: 20_003 };
const unchecked: Completeness = { kind: "Unchecked", chunks: 1_900, why: "not compared yet", since: now };
const job = (completeness: Completeness, more: Partial<JobFacts> = {}) => ({
  jobs: [{ id: "j", name: "big", completeness, ...more }],
});
const accepted = { annotations: { [annotation.accept]: `${clusterUid}/1/lose-data` } };
const hotRestart = {
  licenseKeySecretRef: { name: "licence", key: "key" },
  losslessRestart: { mode: "HotRestart" as const, hotRestart: { storage: { size: "1Gi" } } },
};

/** Without the memory of who the members are. */
function unaware(size: number): Ledger {
  const { members: _, ...ledger } = formed(size);
  return ledger;
}

const shrink: Case = { size: 5, spec: { replicas: 3 } };
const roll: Case = { size: 3, specHash: "new", templateHash: "new" };
const stop: Case = {
  size: 3,
  spec: { suspend: true, ...hotRestart },
  metadata: { finalizers: [finalizer] },
  claims: [{}, {}, {}],
};
const restart: Case = { ...stop, spec: hotRestart, specHash: "new", restartHash: "new" };
const shrinking: Case = {
  size: 4,
  spec: { replicas: 3 },
  ledger: beginShrink(unaware(5), { from: 5, to: 3 }, [], at),
};
const rolling: Case = {
  size: 3,
  ledger: beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [] }, at),
  pod: { 2: { templateHash: "old" } },
};
const suspending: Case = {
  size: 3,
  spec: { jobs: { duringDisruption: "Suspend" } },
  ledger: beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [{ id: "j", refresh: false }] }, at),
  pod: { 2: { templateHash: "old" } },
};
const steps: [string, Case, string][] = [
  ["a shrink", shrink, "Scale"],
  ["a roll", roll, "WriteTemplate"],
  ["a lossless stop", stop, "WriteLedger"],
  ["a restart", restart, "WriteLedger"],
  ["the next member of a shrink", shrinking, "Scale"],
  ["the next pod of a roll", rolling, "DeletePod"],
  ["the suspension of a job before a roll", suspending, "SuspendJob"],
];

function told(step: Step): string {
  if (step.kind === "wait") return `wait ${step.for.check}`;
  if (step.kind === "blocked") return `blocked ${step.by.map((unmet) => unmet.check).join(" ")}`;
  return step.kind === "effect" ? step.effect.kind : step.kind;
}

function refusal(about: Case): Unmet | undefined {
  const step = plan(observe(about));
  return step.kind === "blocked" ? step.by[0] : undefined;
}

describe.each(steps)("%s", (_, about, effect) => {
  test.each<[string, Partial<Case>, string]>([
    ["is refused while the engine loses entries of a job's snapshots", job(incomplete), "blocked SnapshotIncomplete"],
    ["waits for a large snapshot to be compared", job(unchecked), "wait SnapshotUnchecked"],
    ["goes on with large snapshots that are whole", job(complete), effect],
    ["goes on with small snapshots", job({ kind: "Small", chunks: 3 }), effect],
    ["waits while the jobs are not known", { jobs: "asked once" }, "wait JobsUnknown"],
  ])("%s", (__, more, expected) => {
    expect(told(plan(observe({ ...about, ...more })))).toBe(expected);
  });
});

describe.each(steps.slice(0, 6))("%s", (_, about, effect) => {
  test.each<[string, JobFacts["status"]]>([
    ["that a person has suspended", "SUSPENDED"],
    ["that does not run", "NOT_RUNNING"],
  ])("is not held up by a job %s", (__, status) => {
    const suspension = status === "SUSPENDED" ? "" : undefined;
    expect(told(plan(observe({ ...about, ...job(incomplete, { status, suspension }) })))).toBe(effect);
  });
});

describe("a refusal", () => {
  test("names the job, both numbers and what helps", () => {
    const unmet = refusal({ ...shrink, ...job(incomplete) });
    expect(unmet?.observed).toBe("big (j): 20,003 entries given to its snapshots, 17,016 of them stored");
    expect(unmet?.remedy).toMatch(/more members .*less state per job.*jetcluster orders .*lose-data/);
  });

  test("of a stop without losslessness names them too: a lossless mode alone would not help", () => {
    const step = plan(observe({ size: 1, spec: { suspend: true }, ...job(incomplete) }));
    expect(told(step)).toBe("blocked NotLossless SnapshotIncomplete");
  });

  test("of a shrink that would leave too few members for a large snapshot says how many it needs", () => {
    const unmet = refusal({ size: 3, spec: { replicas: 1 }, ...job(complete) });
    expect(unmet?.check).toBe("SnapshotsTooLarge");
    expect(unmet?.remedy).toContain("keep at least 2 members");
  });
});

describe("jobs that take their last snapshots in the same moment", () => {
  const half: Completeness = { kind: "Complete", chunks: 1_600, emitted: 16_000, stored: 16_000 };
  const two = (second: Completeness) => ({
    jobs: [
      { id: "a", completeness: half },
      { id: "b", completeness: second },
    ],
  });
  const one = { jobs: { duringDisruption: "Suspend" as const } };

  test.each<[string, Case, string]>([
    ["hold up a roll when together they are too large", { ...roll, ...two(half) }, "blocked SnapshotsTogether"],
    ["hold up a lossless stop", { ...stop, ...two(half) }, "blocked SnapshotsTogether"],
    ["do not when they are suspended one after the other", { ...roll, spec: one, ...two(half) }, "WriteTemplate"],
    ["do not when they are small together", { ...roll, ...two({ kind: "Small", chunks: 900 }) }, "WriteTemplate"],
    [
      "do not for one of them alone",
      { ...roll, jobs: [{ completeness: { ...half, chunks: 3_500 } }] },
      "WriteTemplate",
    ],
  ])("%s", (_, about, expected) => {
    expect(told(plan(observe(about)))).toBe(expected);
  });

  test("do not when all but one add next to nothing", () => {
    const jobs = [
      { id: "a", completeness: { ...half, chunks: 2_900 } },
      { id: "b", completeness: { kind: "Small" as const, chunks: 200 } },
    ];
    expect(told(plan(observe({ ...roll, jobs })))).toBe("WriteTemplate");
  });
});

describe("more members", () => {
  test("may come although snapshots are incomplete: they are what ends the loss", () => {
    expect(told(plan(observe({ size: 3, spec: { replicas: 5 }, ...job(incomplete) })))).toBe("Scale");
  });
});

describe("a deletion", () => {
  test("stops gracefully although snapshots are incomplete: its time is bounded", () => {
    const metadata = { finalizers: [finalizer], deletionTimestamp: new Date(now - 1_000).toISOString() };
    expect(told(plan(observe({ ...restart, specHash: "spec", metadata, ...job(incomplete) })))).toBe("WriteLedger");
  });
});

describe("an accepted loss", () => {
  test.each(steps.slice(0, 4))("lets %s begin, and is used up by it", (_, about, effect) => {
    const metadata = { ...about.metadata, ...accepted };
    const step = plan(observe({ ...about, metadata, ...job(incomplete) }));
    expect(told(step)).toBe(effect);
    expect(step).toMatchObject({ effect: { ledger: { accepted: `${clusterUid}/1/lose-data` } } });
  });

  test.each(steps.slice(4))("is written down before %s", (_, about, effect) => {
    const observation = observe({ ...about, metadata: accepted, ...job(incomplete) });
    const step = plan(observation);
    const ledger = step.kind === "effect" && step.effect.kind === "WriteLedger" ? step.effect.ledger : undefined;
    expect(ledger).toMatchObject({ accepted: `${clusterUid}/1/lose-data`, operation: { lossAccepted: true } });
    // The annotation is still there, and means nothing any more: what counts is the ledger.
    expect(told(plan(observe({ ...about, ledger: ledger!, ...job(incomplete) })))).toBe(effect);
  });

  test("is not used up where nothing is lost", () => {
    const step = plan(observe({ ...shrink, metadata: accepted, ...job(complete) }));
    expect(step).toMatchObject({ effect: { kind: "Scale" } });
    expect(step).not.toHaveProperty("effect.ledger.accepted");
  });

  test("counts for a template that changes again during the roll", () => {
    const ledger = beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [], acceptedLoss: "word" }, at);
    const step = plan(observe({ ...roll, ledger, pod: { 2: { templateHash: "old" } }, ...job(incomplete) }));
    expect(step).toMatchObject({ effect: { ledger: { accepted: "word", operation: { lossAccepted: true } } } });
  });
});
