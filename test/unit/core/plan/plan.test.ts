import { describe, expect, test } from "vitest";
import { annotation } from "../../../../src/api/names.ts";
import { beginGrow, openLedger, reform, withdrawGrow } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import type { Step } from "../../../../src/core/plan/step.ts";
import { type Case, clusterUid, formed, now, observe, seen } from "../observation-fixture.ts";

const at = "2026-01-01T11:00:00.000Z";
const forming = (size: number) => openLedger({ uid: clusterUid, version: "5.7.0", size, at });
const growing = beginGrow(formed(3), { from: 3, to: 5 }, at);
const withdrawing = withdrawGrow(growing, 4, at);
const stamp = { uid: clusterUid, epoch: 17, clusterName: "orders", version: "5.5.0", quorumBase: 7, formedSize: 5 };

/** `Scale 3→5 Grow Q5`, `wait X`, `blocked X`, `done`: what a table can be read by. */
function told(step: Step): string {
  if (step.kind === "wait") return `wait ${step.for.check}`;
  if (step.kind === "blocked") return `blocked ${step.by.map((unmet) => unmet.check).join(" ")}`;
  if (step.kind === "done") return "done";
  const { effect } = step;
  const ledger = "ledger" in effect ? effect.ledger : undefined;
  const size =
    effect.kind === "Scale"
      ? ` ${effect.from}→${effect.to}`
      : effect.kind === "CreateStatefulSet"
        ? ` ${effect.replicas}`
        : effect.kind === "DeletePod"
          ? ` ${effect.name}`
          : "";
  return `${effect.kind}${size} ${ledger?.operation?.kind ?? "rest"} Q${ledger?.quorumBase ?? "?"}`;
}

const cases: Record<string, [string, Case, string][]> = {
  "no StatefulSet": [
    ["a new cluster is formed at the size asked for", { spec: { replicas: 5 } }, "CreateStatefulSet 5 Form Q5"],
    [
      "an even size is made odd where the user allows it",
      { spec: { replicas: 4, evenReplicas: "RoundUp" } },
      "CreateStatefulSet 5 Form Q5",
    ],
    ["nothing is made for a cluster that is not wanted", { spec: { suspend: true } }, "done"],
    ["nothing is made for replicas 0", { spec: { replicas: 0 } }, "done"],
    [
      "status brings its size and Q back, not the spec",
      { spec: { replicas: 3 }, status: { replicas: 5, quorum: { base: 7, needed: 4, live: 5 } } },
      "CreateStatefulSet 5 Form Q7",
    ],
    [
      "status that only knows Q brings that size back",
      { spec: { replicas: 1 }, status: { replicas: 0, quorum: { base: 5, needed: 3, live: 0 } } },
      "CreateStatefulSet 5 Form Q5",
    ],
    [
      "orphaned pods count although status is wiped",
      { spec: { replicas: 3 }, pods: [0, 1, 2, 3, 4] },
      "CreateStatefulSet 5 Form Q5",
    ],
    [
      "of pods and status the larger counts: a cache of pods may lag",
      { spec: { replicas: 3 }, pods: [0, 1], status: { replicas: 3, quorum: { base: 3, needed: 2, live: 3 } } },
      "CreateStatefulSet 3 Form Q3",
    ],
    [
      "once status has said that nobody is asked for, Q says what there may be beyond the pods that are seen",
      { spec: { replicas: 5 }, pods: [0, 1, 2, 3], status: { replicas: 0, quorum: { base: 5, needed: 3, live: 4 } } },
      "CreateStatefulSet 5 Form Q5",
    ],
    [
      "pods that are going do not count",
      { spec: { replicas: 1 }, pods: [0, 1, 2], pod: { 1: { terminating: true }, 2: { terminating: true } } },
      "CreateStatefulSet 1 Form Q1",
    ],
    [
      "a claim's stamp brings size and Q back when all else is gone",
      { spec: { replicas: 1 }, claims: [{ stamp }] },
      "CreateStatefulSet 5 Form Q7",
    ],
    [
      "of two stamps the larger epoch counts",
      { spec: { replicas: 1 }, claims: [{ stamp }, { stamp: { ...stamp, epoch: 18, quorumBase: 3, formedSize: 3 } }] },
      "CreateStatefulSet 3 Form Q3",
    ],
    [
      "a claim of another cluster is never mounted by guess",
      { claims: [{ stamp: { ...stamp, uid: "other" } }] },
      "blocked ForeignVolumes",
    ],
    ["a cluster being deleted is left alone", { metadata: { deletionTimestamp: at } }, "done"],
  ],
  forming: [
    ["waits for pods", { size: 3, ledger: forming(3), pods: [0, 1] }, "wait PodsNotReady"],
    ["waits for one view of all", { size: 3, ledger: forming(3), islands: [[0], [1, 2]] }, "wait ViewsDiffer"],
    ["records the first whole view", { size: 3, ledger: forming(3) }, "WriteLedger rest Q3"],
    [
      "takes another size while nothing has formed",
      { size: 3, ledger: forming(3), pods: [0], spec: { replicas: 5 } },
      "Scale 3→5 Form Q5",
    ],
    [
      "takes a smaller size but keeps Q until it is seen",
      { size: 5, ledger: forming(5), pods: [0], spec: { replicas: 3 } },
      "Scale 5→3 Form Q5",
    ],
    ["lowers Q with the first whole view", { size: 3, ledger: reform(forming(5), 3, at) }, "WriteLedger rest Q3"],
    [
      "a whole view is recorded before a smaller size counts",
      { size: 5, ledger: forming(5), spec: { replicas: 3 } },
      "WriteLedger rest Q5",
    ],
    [
      "suspended before anything has formed: nobody is waited for",
      { size: 3, ledger: forming(3), pods: [0], spec: { suspend: true } },
      "Scale 3→0 Stop Q3",
    ],
    [
      "a first template that no member can start from is taken back",
      { size: 3, ledger: forming(3), pods: [0], specHash: "other" },
      "WriteTemplate Form Q3",
    ],
    [
      "then every pod gets the other one, also those that run",
      { size: 3, ledger: forming(3), pod: { 1: { templateHash: "bad" } } },
      "DeletePod orders-1 rest Q?",
    ],
    [
      "a whole view is recorded before another template counts",
      { size: 3, ledger: forming(3), specHash: "other" },
      "WriteLedger rest Q3",
    ],
  ],
  "at rest": [
    ["nothing to do", { size: 3 }, "done"],
    ["a larger size is one write with Q raised", { size: 3, spec: { replicas: 7 } }, "Scale 3→7 Grow Q7"],
    [
      "no growth while not safe",
      { size: 3, spec: { replicas: 5 }, member: { 0: { safe: false } } },
      "wait PartitionsNotSafe",
    ],
    ["no growth while divided", { size: 3, spec: { replicas: 5 }, islands: [[0, 1], [2]] }, "wait ViewsDiffer"],
    [
      "no growth past a member that does not answer",
      { size: 3, spec: { replicas: 5 }, member: { 0: "timeout" } },
      "wait MembersUnknown",
    ],
    [
      "no growth while a member leaves",
      { size: 3, spec: { replicas: 5 }, member: { 0: { nodeState: "PASSIVE" } } },
      "wait MembersLeaving",
    ],
    ["no growth while one is asked to stop", { size: 3, spec: { replicas: 5, suspend: true } }, "blocked NotLossless"],
  ],
  growing: [
    [
      "waits for the new members",
      {
        size: 5,
        ledger: growing,
        islands: [[0, 1, 2]],
        member: { 3: { joinedByOwnWord: false }, 4: { joinedByOwnWord: false } },
      },
      "wait MembersJoining",
    ],
    ["records the whole view", { size: 5, ledger: growing }, "WriteLedger rest Q5"],
    [
      "is not done while unsafe",
      { size: 5, ledger: growing, member: { 3: { migrations: 1 } } },
      "wait PartitionsNotSafe",
    ],
    [
      "no longer wanted: the last pod that never joined goes first",
      { size: 5, ledger: growing, spec: { replicas: 3 }, pods: [0, 1, 2, 3, 4], ...neverJoined(3, 4) },
      "Scale 5→4 Grow Q5",
    ],
    [
      "a pod whose cache entry is missing may have joined: no view names anybody else",
      { size: 5, ledger: growing, spec: { replicas: 3 }, pods: [0, 1, 2], member: views(3, 0, 1, 2, 4) },
      "wait PodsNotReady",
    ],
    [
      "no pod at all is taken back like one that never joined",
      { size: 5, ledger: growing, spec: { replicas: 3 }, pods: [0, 1, 2] },
      "Scale 5→4 Grow Q5",
    ],
    [
      "a joined last member is not taken back, but leaves as in a shrink: Q stays until that has ended",
      { size: 5, ledger: growing, spec: { replicas: 3 }, ...neverJoined(3), islands: [[0, 1, 2, 4]] },
      "Scale 5→4 Shrink Q5",
    ],
    [
      "a joined last member stays while the one below it may still come",
      { size: 5, ledger: growing, spec: { replicas: 3 }, ...justMade(3), islands: [[0, 1, 2, 4]] },
      "wait PodsNotReady",
    ],
    [
      "a joined last member stays while the one below it is wanted",
      { size: 5, ledger: growing, spec: { replicas: 5 }, ...neverJoined(3), islands: [[0, 1, 2, 4]] },
      "wait PodsNotReady",
    ],
    [
      "a joined last member stays while one of those that stay is away",
      { size: 5, ledger: growing, spec: { replicas: 3 }, ...neverJoined(1, 3), islands: [[0, 2, 4]] },
      "wait PodsNotReady",
    ],
    [
      "what never joined is not taken back where a job has seen more members meanwhile",
      {
        size: 5,
        ledger: growing,
        spec: { replicas: 3 },
        ...neverJoined(3, 4),
        jobs: [{ status: "NOT_RUNNING", protected: true, quorum: 4 }],
      },
      "blocked JobsWouldStrand",
    ],
    [
      "nor while the jobs are not known",
      { size: 5, ledger: growing, spec: { replicas: 3 }, ...neverJoined(3, 4), jobs: "not asked" },
      "wait JobsUnknown",
    ],
    [
      "a silent old member holds the withdrawal",
      { size: 5, ledger: growing, spec: { replicas: 3 }, ...neverJoined(3, 4), member: { 0: "timeout" } },
      "wait MembersUnknown",
    ],
    [
      "a stop asked for takes back what never joined, too",
      {
        size: 5,
        ledger: growing,
        spec: { replicas: 5, suspend: true },
        pods: [0, 1, 2, 3, 4],
        ...neverJoined(3, 4),
      },
      "Scale 5→4 Grow Q5",
    ],
    [
      "a stop whose loss is accepted does not wait for pods that never come",
      {
        size: 5,
        ledger: growing,
        spec: { replicas: 5, suspend: true },
        metadata: { annotations: { [annotation.accept]: `${clusterUid}/1/lose-data` } },
        ...neverJoined(3),
      },
      "Scale 5→0 Stop Q5",
    ],
    [
      "a withdrawal goes on pod by pod",
      { size: 4, ledger: withdrawing, spec: { replicas: 3 }, pods: [0, 1, 2, 3], ...neverJoined(3) },
      "Scale 4→3 Grow Q5",
    ],
    [
      "a withdrawal stops at the last member that did join",
      { size: 4, ledger: withdrawing, spec: { replicas: 3 } },
      "WriteLedger rest Q4",
    ],
    [
      "a withdrawal that is wanted again ends first",
      { size: 3, ledger: withdrawGrow(growing, 3, at), spec: { replicas: 5 } },
      "WriteLedger rest Q3",
    ],
  ],
  "edited by hand": [
    ["scaled up: Q rises at once", { size: 5, ledger: formed(3), spec: { replicas: 3 } }, "WriteLedger Grow Q5"],
    [
      "scaled down: back, once the rest agree",
      { size: 1, ledger: formed(3), spec: { replicas: 3 } },
      "Scale 1→3 Grow Q3",
    ],
    [
      "scaled down: not while a member lingers",
      { size: 1, ledger: formed(3), spec: { replicas: 3 }, pods: [0, 1], islands: [[0, 1]] },
      "wait PodsLeaving",
    ],
    ["scaled to nobody: back", { size: 0, ledger: formed(3), spec: { replicas: 3 } }, "Scale 0→3 Grow Q3"],
    [
      "scaled to nobody: not before they are gone",
      { size: 0, ledger: formed(3), spec: { replicas: 3 }, pods: [1] },
      "wait PodsLeaving",
    ],
    [
      "ledger taken away: written again from what is there",
      {
        size: 5,
        ledger: { kind: "absent" },
        spec: { replicas: 3 },
        status: { quorum: { base: 7, needed: 4, live: 5 } },
      },
      "WriteLedger Form Q7",
    ],
    ["ledger damaged: the same", { size: 3, ledger: { kind: "damaged", detail: "x" } }, "WriteLedger Form Q3"],
    [
      "ledger taken away and scaled to nobody: status says the size",
      {
        size: 0,
        ledger: { kind: "absent" },
        spec: { replicas: 3 },
        status: { replicas: 5, quorum: { base: 5, needed: 3, live: 5 } },
      },
      "WriteLedger Form Q5",
    ],
    [
      "ledger of a newer operator: hands off",
      { size: 3, ledger: { kind: "tooNew", version: 2 } },
      "blocked LedgerTooNew",
    ],
    [
      "StatefulSet being deleted: waits for its end",
      { size: 3, statefulSet: { deleting: true } },
      "wait StatefulSetDeleting",
    ],
    ["a name that belongs to somebody else", { namesTaken: ["Service/orders"] }, "blocked NameTaken"],
    [
      "paused",
      { size: 3, spec: { replicas: 5 }, metadata: { annotations: { [annotation.paused]: "true" } } },
      "blocked Paused",
    ],
  ],
};

for (const [name, table] of Object.entries(cases)) {
  describe(name, () => {
    test.each(table)("%s", (_, about, expected) => {
      expect(told(plan(observe(about)))).toBe(expected);
    });
  });
}

describe("a ledger written again", () => {
  test("does not let the size jump although the spec asks for another", () => {
    const step = plan(observe({ size: 5, ledger: { kind: "absent" } }));
    if (step.kind !== "effect" || !("ledger" in step.effect)) throw new Error(step.kind);
    const next = plan(
      observe({ size: 5, ledger: step.effect.ledger, spec: { replicas: 1 }, member: { 0: { safe: false } } }),
    );
    expect(told(next)).toBe("wait PartitionsNotSafe");
  });

  test("keeps the version that the cluster had, whatever is newest now", () => {
    const step = plan(observe({ size: 3, ledger: { kind: "absent" }, status: { version: "5.5.0" } }));
    expect(step).toMatchObject({ effect: { ledger: { version: "5.5.0" } } });
  });

  test("stands above every epoch that a claim names", () => {
    const step = plan(observe({ claims: [{ stamp }] }));
    expect(step).toMatchObject({ effect: { ledger: { epoch: 18, version: "5.5.0" } } });
  });
});

describe("evidence", () => {
  test("names what the decision rests on", () => {
    const step = plan(observe({ size: 3, spec: { replicas: 5 }, metadata: { generation: 6 } }));
    expect(step).toMatchObject({
      because: {
        clusterUid,
        generation: 6,
        statefulSetUid: "statefulset-uid",
        ledgerEpoch: 4,
        view: "uuid-0 uuid-1 uuid-2 master uuid-0",
      },
    });
  });
});

function neverJoined(...ordinals: number[]): Pick<Case, "pod" | "islands"> {
  return {
    pod: Object.fromEntries(ordinals.map((ordinal) => [ordinal, { ready: false, address: undefined }])),
    islands: [[0, 1, 2]],
  };
}

/** As `neverJoined`, of pods that have been there for a few seconds only. */
function justMade(ordinal: number): Pick<Case, "pod"> {
  return { pod: { [ordinal]: { ready: false, address: undefined, createdAt: now - 5_000 } } };
}

function views(size: number, ...ordinals: number[]): NonNullable<Case["member"]> {
  return Object.fromEntries(Array.from({ length: size }, (_, ordinal) => [ordinal, { view: seen(...ordinals) }]));
}
