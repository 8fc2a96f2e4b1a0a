import { describe, expect, test } from "vitest";
import { annotation, finalizer } from "../../../../src/api/names.ts";
import type { Ledger } from "../../../../src/core/ledger.ts";
import { beginStart, beginStop, finishStop, halt } from "../../../../src/core/ledger-stop-transitions.ts";
import { beginRoll, beginShrink, enter, takeNextAway } from "../../../../src/core/ledger-transitions.ts";
import { plan } from "../../../../src/core/plan/plan.ts";
import { addressOf, type Case, clusterUid, formed, now, observe, seen, uuidOf } from "../observation-fixture.ts";
import { told } from "./told.ts";

const at = "2026-01-01T11:00:00.000Z";
const word = `${clusterUid}/1/lose-data`;
const accepted = { annotations: { [annotation.accept]: word } };
const hotRestart = {
  licenseKeySecretRef: { name: "licence", key: "key" },
  losslessRestart: { mode: "HotRestart" as const, hotRestart: { storage: { size: "1Gi" } } },
};
const volumes = (size: number) => Array.from({ length: size }, () => ({}));
const kept = { metadata: { finalizers: [finalizer] }, claims: volumes(3) };
const deleting = { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" as const } };
const protectedJob = { id: "p", name: "payments", protected: true, quorum: 2 };

/** Without the memory of who the members are: remembering them has its own cases. */
function unaware(size: number): Ledger {
  const { members: _, ...ledger } = formed(size);
  return ledger;
}

const shrinking = beginShrink(unaware(5), { from: 5, to: 3 }, [], at);
/** From five, at the size that it was to come to. */
function endedAt(to: number, jobs: { id: string; refresh: boolean }[] = []): Ledger {
  const begun = beginShrink(unaware(5), { from: 5, to }, jobs, at);
  return jobs.length > 0 ? takeNextAway(begun, at) : begun;
}

const suspending = beginShrink(unaware(3), { from: 3, to: 1 }, [{ id: "p", refresh: true }], at);
const rolling = beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [] }, at);
const rollSuspending = beginRoll(formed(3), { size: 3, version: "5.7.0", jobs: [{ id: "p", refresh: false }] }, at);
const quiescing = beginStop(formed(3), 3, "Suspend", at);
const reactivating = enter(quiescing, "Reactivating", at);
const halting = halt(quiescing, { size: 3, lossless: true, because: "Suspend" }, at);
const stopped = finishStop(halting, at);
const starting = beginStart(stopped, 3, at);
const justStarted = beginStart(stopped, 3, new Date(now - 60_000).toISOString());
const lost = finishStop(halt(formed(3), { size: 3, lossless: false, because: "Suspend" }, at), at);
const gone = { ready: false, address: undefined };
/** Pods that no node has room for; the others are one view. */
const unscheduled = (...ordinals: readonly number[]) => ({
  pod: Object.fromEntries(ordinals.map((ordinal) => [ordinal, gone])),
  islands: [[0, 1, 2, 3, 4].filter((ordinal) => !ordinals.includes(ordinal))],
});
const notMade = { object: "Pod/orders-4", says: "FailedCreate: exceeded quota" };
/** The last pod cannot start. */
const hanging = {
  pod: { 2: { ready: false, address: undefined, trouble: "ImagePullBackOff" } },
  islands: [[0, 1]],
};
const passive = {
  0: { clusterState: "PASSIVE" },
  1: { clusterState: "PASSIVE" },
  2: { clusterState: "PASSIVE" },
} as const;

/** What a table can be read by: the effect with its numbers, or why nothing is done. */
const cases: Record<string, [string, Case, string][]> = {
  shrink: [
    ["one member at a time", { size: 5, spec: { replicas: 3 } }, "Scale 5→4 Shrink/Leaving Q5"],
    [
      "not before evictions are held off",
      { size: 5, spec: { replicas: 3 }, budget: { maxUnavailable: 1 } },
      "wait BudgetOpen",
    ],
    [
      "not before the budget is in force",
      { size: 5, spec: { replicas: 3 }, budget: { inForce: false } },
      "wait BudgetOpen",
    ],
    ["not while the jobs are unknown", { size: 5, spec: { replicas: 3 }, jobs: "asked once" }, "wait JobsUnknown"],
    [
      "not while a member is unsafe",
      { size: 5, spec: { replicas: 3 }, member: { 2: { safe: false } } },
      "wait PartitionsNotSafe",
    ],
    [
      "not while the cluster is split",
      {
        size: 5,
        spec: { replicas: 3 },
        islands: [
          [0, 1, 2],
          [3, 4],
        ],
      },
      "wait ViewsDiffer",
    ],
    [
      "not while a member is silent",
      { size: 5, spec: { replicas: 3 }, member: { 1: "NoAnswer: timeout" } },
      "wait MembersUnknown",
    ],
    [
      "the next one after the last has gone",
      { size: 4, spec: { replicas: 3 }, ledger: shrinking },
      "Scale 4→3 Shrink/Leaving Q5",
    ],
    [
      "past a pod without room further down, where those that stay are whole and safe",
      { size: 5, spec: { replicas: 3 }, ...unscheduled(3) },
      "Scale 5→4 Shrink/Leaving Q5",
    ],
    [
      "past such a pod, jobs first that are to be suspended",
      {
        size: 5,
        spec: { replicas: 3 },
        ...unscheduled(3),
        ledger: beginShrink(unaware(5), { from: 5, to: 3 }, [{ id: "p", refresh: false }], at),
        jobs: [protectedJob],
      },
      "SuspendJob p",
    ],
    ["not past one of those that stay", { size: 5, spec: { replicas: 3 }, ...unscheduled(1, 3) }, "wait PodsNotReady"],
    [
      "not past such a pod while others are unsafe",
      { size: 5, spec: { replicas: 3 }, ...unscheduled(3), member: { 2: { safe: false } } },
      "wait PartitionsNotSafe",
    ],
    [
      "further, where its own end waits for a pod without room that is not wanted any more",
      { size: 4, spec: { replicas: 3 }, ledger: endedAt(4), ...unscheduled(3, 4) },
      "Scale 4→3 Shrink/Leaving Q5",
    ],
    [
      "further with the jobs on its list that are suspended",
      { size: 4, spec: { replicas: 3 }, ledger: endedAt(4, [{ id: "p", refresh: false }]), ...unscheduled(3, 4) },
      "WriteLedger Shrink/SuspendingJobs Q5",
    ],
    [
      "waits for the pod object to go",
      { size: 4, spec: { replicas: 3 }, ledger: shrinking, pods: [0, 1, 2, 3, 4] },
      "wait PodsLeaving",
    ],
    [
      "lowers Q only at its end",
      { size: 3, spec: { replicas: 3 }, ledger: { ...shrinking, operation: { ...shrinking.operation!, replicas: 3 } } },
      "WriteLedger rest 3 Q3",
    ],
    [
      "ends where it is when more are wanted again",
      { size: 4, spec: { replicas: 5 }, ledger: shrinking },
      "WriteLedger Shrink/Leaving Q5",
    ],
    [
      "begins with pods that no node has room for",
      { size: 5, spec: { replicas: 3 }, ...unscheduled(3, 4) },
      "Scale 5→4 Shrink/Leaving Q5",
    ],
    [
      "goes on with the next of them",
      { size: 4, spec: { replicas: 3 }, ledger: shrinking, ...unscheduled(3, 4) },
      "Scale 4→3 Shrink/Leaving Q5",
    ],
    [
      "begins with a pod that a quota keeps from being made",
      { size: 5, spec: { replicas: 3 }, pods: [0, 1, 2, 3], troubles: [notMade] },
      "Scale 5→4 Shrink/Leaving Q5",
    ],
    [
      "not with one that is missing for a reason that nobody knows",
      { size: 5, spec: { replicas: 3 }, pods: [0, 1, 2, 3] },
      "wait PodsNotReady",
    ],
    [
      "not with one that was made a moment ago: it may be on its way",
      { size: 5, spec: { replicas: 3 }, islands: [[0, 1, 2, 3]], pod: { 4: { ...gone, createdAt: now - 60_000 } } },
      "wait PodsNotReady",
    ],
    [
      "not with one whose node is lost: its member may run",
      { size: 5, spec: { replicas: 3 }, islands: [[0, 1, 2, 3]], pod: { 4: { ...gone, nodeLost: true } } },
      "blocked NodeUnreachable",
    ],
    [
      "not while another is silent",
      { size: 5, spec: { replicas: 3 }, ...unscheduled(4), member: { 1: "timeout" } },
      "wait MembersUnknown",
    ],
    [
      "takes no member while one below it is missing",
      { size: 5, spec: { replicas: 3 }, ...unscheduled(1) },
      "wait PodsNotReady",
    ],
    [
      "ends before it began when more are wanted again: jobs still to be suspended are left alone",
      { size: 3, spec: { replicas: 3 }, ledger: suspending, jobs: [{ ...protectedJob, status: "STARTING" }] },
      "WriteLedger Shrink/ResumingJobs Q3",
    ],
    [
      "a job let go on that does not get to RUNNING is not waited for",
      { size: 1, spec: { replicas: 1 }, ledger: resuming(), jobs: [{ ...protectedJob, status: "NOT_RUNNING" }] },
      "WriteLedger rest 1 Q1",
    ],
    [
      "a job on its way into its suspension is waited for before it goes on",
      { size: 1, spec: { replicas: 1 }, ledger: resuming(), jobs: [{ ...protectedJob, status: "COMPLETING" }] },
      "wait JobMoving",
    ],
    [
      "refuses what would strand a protected job",
      { size: 3, spec: { replicas: 1 }, jobs: [protectedJob] },
      "blocked JobsWouldStrand",
    ],
    [
      "a protected job that can still start does not hinder",
      { size: 5, spec: { replicas: 3 }, jobs: [{ ...protectedJob, quorum: 3 }] },
      "Scale 5→4 Shrink/Leaving Q5",
    ],
    [
      "suspends first what is refreshed",
      { size: 3, spec: { replicas: 1, jobs: { quorumRefresh: "Automatic" } }, jobs: [protectedJob] },
      "WriteLedger Shrink/SuspendingJobs Q3",
    ],
    [
      "4.x cannot refresh",
      { size: 3, version: "4.5.4", spec: { replicas: 1, jobs: { quorumRefresh: "Automatic" } }, jobs: [protectedJob] },
      "blocked JobsWouldStrand",
    ],
    [
      "suspends a listed job that runs",
      { size: 3, spec: { replicas: 1 }, ledger: suspending, jobs: [protectedJob] },
      "SuspendJob p",
    ],
    [
      "waits while the suspension is on its way",
      { size: 3, spec: { replicas: 1 }, ledger: suspending, jobs: [{ ...protectedJob, status: "COMPLETING" }] },
      "wait JobMoving",
    ],
    [
      "goes on once all are suspended",
      { size: 3, spec: { replicas: 1 }, ledger: suspending, jobs: [{ ...protectedJob, status: "SUSPENDED" }] },
      "WriteLedger Shrink/Leaving Q3",
    ],
    [
      "takes protection off",
      { size: 1, spec: { replicas: 1 }, ledger: refreshing(), jobs: [{ ...protectedJob, status: "SUSPENDED" }] },
      "Protection p Off",
    ],
    [
      "and puts it on again",
      {
        size: 1,
        spec: { replicas: 1 },
        ledger: refreshing(),
        jobs: [{ ...protectedJob, status: "SUSPENDED", protected: false, quorum: 0 }],
      },
      "Protection p On",
    ],
    [
      "until the quorum fits",
      {
        size: 1,
        spec: { replicas: 1 },
        ledger: refreshing(),
        jobs: [{ ...protectedJob, status: "SUSPENDED", quorum: 1 }],
      },
      "WriteLedger Shrink/ResumingJobs Q3",
    ],
    [
      "resumes what it suspended",
      {
        size: 1,
        spec: { replicas: 1 },
        ledger: resuming(),
        jobs: [{ ...protectedJob, status: "SUSPENDED", quorum: 1 }],
      },
      "ResumeJob p",
    ],
    [
      "and nothing else",
      {
        size: 1,
        spec: { replicas: 1 },
        ledger: resuming(),
        jobs: [
          { ...protectedJob, quorum: 1 },
          { id: "u", status: "SUSPENDED" },
        ],
      },
      "WriteLedger rest 1 Q1",
    ],
  ],
  roll: [
    ["begins with the template", { size: 3, specHash: "other" }, "WriteTemplate Roll/Replacing Q3"],
    [
      "refreshes no quorum, so that it suspends no job that is to keep running",
      {
        size: 3,
        specHash: "other",
        spec: { jobs: { quorumRefresh: "Automatic" } },
        jobs: [{ ...protectedJob, quorum: 3 }],
      },
      "WriteTemplate Roll/Replacing Q3",
    ],
    ["a newer operator's template is only pending", { size: 3, templateHash: "other" }, "done"],
    [
      "not before evictions are held off",
      { size: 3, specHash: "other", budget: { maxUnavailable: 1 } },
      "wait BudgetOpen",
    ],
    [
      "begins also while a pod is no member: the new template may be what lets it start",
      { size: 3, specHash: "other", pod: { 2: gone }, islands: [[0, 1]] },
      "WriteTemplate Roll/Replacing Q3",
    ],
    [
      "not while the others still count on the member that it was",
      { size: 3, specHash: "other", pod: { 2: gone } },
      "wait ForeignMembers",
    ],
    ["the highest ordinal first", { size: 3, ledger: rolling, pod: outdated(0, 1, 2) }, "DeletePod orders-2"],
    [
      "the master last",
      { size: 3, ledger: rolling, pod: outdated(0, 2), member: seeing(2, 0, 1) },
      "DeletePod orders-0",
    ],
    [
      "one after the other",
      { size: 3, ledger: rolling, pod: { ...outdated(0, 1), 2: { ready: false } } },
      "wait PodsNotReady",
    ],
    [
      "stops at a pod that does not come up",
      {
        size: 3,
        ledger: rolling,
        pod: { ...outdated(0, 1), 2: { ready: false, address: undefined, trouble: "ImagePullBackOff" } },
        islands: [[0, 1]],
      },
      "wait PodsNotReady",
    ],
    [
      "goes on although what all must share was changed meanwhile",
      { size: 3, ledger: rolling, ...{ specHash: "other", restartHash: "other" }, pod: outdated(0, 1) },
      "DeletePod orders-1",
    ],
    [
      "says so where it cannot end",
      { size: 3, ledger: rolling, ...{ specHash: "other", restartHash: "other" }, ...hanging },
      "blocked RestartWaits",
    ],
    [
      "takes a reverted template at once",
      {
        size: 3,
        ledger: rolling,
        specHash: "other",
        pod: { ...outdated(0, 1), 2: { ready: false, address: undefined } },
        islands: [[0, 1]],
      },
      "WriteTemplate Roll/Replacing Q3",
    ],
    [
      "replaces a pod that never joined at once",
      {
        size: 3,
        ledger: rolling,
        pod: { 2: { ready: false, address: undefined, templateHash: "bad" } },
        islands: [[0, 1]],
      },
      "DeletePod orders-2",
    ],
    [
      "replaces it also while jobs are to be suspended, which only a whole cluster can do",
      {
        size: 3,
        ledger: rollSuspending,
        pod: { ...outdated(0, 1), 2: { ready: false, address: undefined, templateHash: "bad" } },
        islands: [[0, 1]],
        jobs: "a member is missing",
      },
      "DeletePod orders-2",
    ],
    [
      "taken back before any pod had it: no more jobs are suspended, and those that were go on",
      { size: 3, ledger: rollSuspending, specHash: "other", jobs: [{ id: "p", status: "STARTING" }] },
      "WriteTemplate Roll/ResumingJobs Q3",
    ],
    ["ends when all have the template", { size: 3, ledger: rolling }, "WriteLedger rest 3 Q3"],
    ["of one member is a restart, refused", { size: 1, specHash: "other" }, "blocked NotLossless"],
    [
      "of a cluster-wide key is a restart, refused",
      { size: 3, specHash: "other", restartHash: "other" },
      "blocked NotLossless",
    ],
    [
      "a restart whose loss is accepted",
      { size: 3, specHash: "other", restartHash: "other", metadata: accepted },
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "writes the template while nobody runs",
      { size: 0, spec: { replicas: 3 }, specHash: "other", restartHash: "other", ledger: stopped },
      "WriteTemplate stopped Q3",
    ],
  ],
  stop: [
    ["is refused without losslessness", { size: 3, spec: { suspend: true } }, "blocked NotLossless"],
    [
      "an acceptance of another generation does not count",
      { size: 3, spec: { suspend: true }, metadata: { generation: 2, ...accepted } },
      "blocked NotLossless",
    ],
    [
      "an acceptance counts once: a later restart-at of the same generation needs another",
      { size: 1, specHash: "other", metadata: accepted, ledger: formed(1, { accepted: word }) },
      "blocked NotLossless",
    ],
    [
      "the next one of that generation is numbered",
      {
        size: 1,
        specHash: "other",
        metadata: { annotations: { [annotation.accept]: `${word}/2` } },
        ledger: formed(1, { accepted: word }),
      },
      "Scale 1→0 Stop/Halting Q1",
    ],
    [
      "is done at once when the loss is accepted",
      { size: 3, spec: { suspend: true }, metadata: accepted },
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "is written down before the engine is asked",
      { size: 3, spec: { ...hotRestart, suspend: true }, ...kept },
      "WriteLedger Stop/Quiescing Q3",
    ],
    [
      "not with a volume missing",
      { size: 3, spec: { ...hotRestart, suspend: true }, ...kept, claims: volumes(2) },
      "blocked VolumesMissing",
    ],
    ["asks for PASSIVE", { size: 3, spec: { ...hotRestart, suspend: true }, ...kept, ledger: quiescing }, "PASSIVE"],
    [
      "until every member says so",
      {
        size: 3,
        spec: { ...hotRestart, suspend: true },
        ...kept,
        ledger: quiescing,
        member: { 0: { clusterState: "PASSIVE" } },
      },
      "PASSIVE",
    ],
    [
      "then all stop in one write",
      { size: 3, spec: { ...hotRestart, suspend: true }, ...kept, ledger: quiescing, member: passive },
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "never with a member silent",
      {
        size: 3,
        spec: { ...hotRestart, suspend: true },
        ...kept,
        ledger: quiescing,
        member: { ...passive, 1: "NoAnswer: refused" },
      },
      "wait MembersUnknown",
    ],
    [
      "never with a pod missing",
      { size: 3, pods: [0, 1], spec: { ...hotRestart, suspend: true }, ...kept, ledger: quiescing, member: passive },
      "wait PodsNotReady",
    ],
    [
      "is given up when a member came anew",
      { size: 3, spec: { ...hotRestart, suspend: true }, ...kept, ledger: quiescing, member: { 1: { uuid: "fresh" } } },
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "is given up when it is not wanted any more",
      { size: 3, spec: hotRestart, ...kept, ledger: quiescing, member: passive },
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "is given up when a member was lost: a PASSIVE cluster may not let it in again",
      {
        size: 3,
        spec: { ...hotRestart, suspend: true },
        ...kept,
        ledger: quiescing,
        member: passive,
        islands: [[0, 1]],
        pod: { 2: { ready: false, address: undefined } },
      },
      "WriteLedger Stop/Reactivating Q3",
    ],
    [
      "given up, the rest goes back to ACTIVE without the member that was lost",
      {
        size: 3,
        spec: { ...hotRestart, suspend: true },
        ...kept,
        ledger: reactivating,
        member: passive,
        islands: [[0, 1]],
        pod: { 2: { ready: false, address: undefined } },
      },
      "ACTIVE",
    ],
    [
      "given up, a silent member that others count on is waited for",
      { size: 3, spec: hotRestart, ...kept, ledger: reactivating, member: { ...passive, 1: "NoAnswer" } },
      "wait MembersUnknown",
    ],
    [
      "scaled down by hand while PASSIVE goes back to its members",
      { size: 2, spec: { ...hotRestart, suspend: true }, ...kept, ledger: quiescing, member: passive },
      "Scale 2→3 Stop/Quiescing Q3",
    ],
    [
      "scaled to nobody by hand while PASSIVE: not back with a volume missing",
      { size: 0, spec: { ...hotRestart, suspend: true }, ...kept, claims: volumes(2), ledger: quiescing },
      "blocked VolumesMissing",
    ],
    [
      "scaled up by hand stops all that there are by then",
      { size: 4, spec: { ...hotRestart, suspend: true }, ...kept, claims: volumes(4), ledger: quiescing },
      "WriteLedger Stop/Quiescing Q4",
    ],
    [
      "given up, it goes back to ACTIVE",
      { size: 3, spec: hotRestart, ...kept, ledger: reactivating, member: passive },
      "ACTIVE",
    ],
    ["and ends when all are", { size: 3, spec: hotRestart, ...kept, ledger: reactivating }, "WriteLedger rest 3 Q3"],
    [
      "waits until every pod is gone",
      { size: 0, pods: [1], spec: { ...hotRestart, suspend: true }, ...kept, ledger: halting },
      "wait PodsLeaving",
    ],
    [
      "ends stopped",
      { size: 0, spec: { ...hotRestart, suspend: true }, ...kept, ledger: halting },
      "WriteLedger stopped Q3",
    ],
    ["stays stopped", { size: 0, spec: { ...hotRestart, suspend: true }, ...kept, ledger: stopped }, "done"],
    [
      "scaled up by hand goes back to nobody",
      { size: 2, spec: { ...hotRestart, suspend: true }, ...kept, ledger: stopped },
      "Scale 2→0 stopped Q3",
    ],
    [
      "a PASSIVE that comes after the stop was given up is undone",
      { size: 3, member: passive, ledger: abandoned("2026-01-01T11:59:00.000Z") },
      "ACTIVE",
    ],
    [
      "one that comes a day later is somebody else's",
      { size: 3, member: passive, ledger: abandoned("2025-12-30T12:00:00.000Z") },
      "blocked ForeignClusterState",
    ],
    ["a PASSIVE of somebody else's is left alone", { size: 3, member: passive }, "blocked ForeignClusterState"],
  ],
  start: [
    [
      "exactly the members that were stopped",
      { size: 0, spec: { ...hotRestart, replicas: 5 }, ...kept, ledger: stopped },
      "Scale 0→3 Start/Joining Q3",
    ],
    [
      "not with a volume missing",
      { size: 0, spec: { ...hotRestart, replicas: 3 }, ...kept, claims: volumes(2), ledger: stopped },
      "blocked VolumesMissing",
    ],
    [
      "with one that is restored from a snapshot and is bound only to its pod",
      {
        size: 0,
        spec: { ...hotRestart, replicas: 3 },
        ...kept,
        claims: [{}, { bound: false, restored: true }, {}],
        ledger: stopped,
      },
      "Scale 0→3 Start/Joining Q3",
    ],
    [
      "not with an empty one that is not bound",
      { size: 0, spec: { ...hotRestart, replicas: 3 }, ...kept, claims: [{}, { bound: false }, {}], ledger: stopped },
      "blocked VolumesMissing",
    ],
    [
      "not before the last pod is gone",
      { size: 0, pods: [0], spec: { ...hotRestart, replicas: 3 }, ...kept, ledger: stopped },
      "wait PodsLeaving",
    ],
    [
      "waits for all of them in one view",
      { size: 3, spec: { ...hotRestart }, ...kept, ledger: justStarted, islands: [[0, 1], [2]], member: passive },
      "wait ViewsDiffer",
    ],
    [
      "then it is written down that jobs go on",
      { size: 3, spec: { ...hotRestart }, ...kept, ledger: starting, member: passive },
      "WriteLedger Start/Activating Q3",
    ],
    [
      "and they do",
      { size: 3, spec: { ...hotRestart }, ...kept, ledger: enter(starting, "Activating", at), member: passive },
      "ACTIVE",
    ],
    [
      "that hangs goes back down when a stop is asked for again",
      { size: 3, spec: { ...hotRestart, suspend: true }, ...kept, ledger: starting, member: passive, ...hanging },
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "that hangs goes back down for another template",
      { size: 3, spec: hotRestart, specHash: "other", ...kept, ledger: starting, member: passive, ...hanging },
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "whose last pod a quota keeps from being made goes back down for another template",
      {
        ...{ size: 3, spec: hotRestart, specHash: "other", ...kept, ledger: starting, member: passive },
        ...{ pods: [0, 1], troubles: [{ ...notMade, object: "Pod/orders-2" }] },
      },
      "Scale 3→0 Stop/Halting Q3",
    ],
    [
      "never goes back down once members may be at work",
      {
        size: 3,
        spec: { ...hotRestart, suspend: true },
        ...kept,
        ledger: enter(starting, "Activating", at),
        member: passive,
        ...hanging,
      },
      "wait PodsNotReady",
    ],
    [
      "never goes back down past one that says it works",
      { size: 3, spec: { ...hotRestart, suspend: true }, ...kept, ledger: starting, ...hanging },
      "wait PodsNotReady",
    ],
    [
      "never goes back down past one that is ready and says nothing",
      {
        size: 3,
        spec: { ...hotRestart, suspend: true },
        ...kept,
        ledger: starting,
        ...hanging,
        member: { ...passive, 1: "timeout" },
      },
      "wait PodsNotReady",
    ],
    [
      "from nothing takes another size while its members are not all there",
      { size: 5, spec: { replicas: 3 }, ledger: beginStart(lost, 5, at), ...hanging },
      "Scale 5→0 Stop/Halting Q5",
    ],
    ["and ends", { size: 3, spec: { ...hotRestart }, ...kept, ledger: starting }, "WriteLedger rest 3 Q3"],
    [
      "the StatefulSet is gone, the volumes are there",
      { spec: { ...hotRestart }, metadata: kept.metadata, claims: stamped("old-uid") },
      "Create 3 Start/Joining Q3",
    ],
    [
      "another cluster's volumes are never taken",
      { spec: { ...hotRestart, clusterName: "else" }, metadata: kept.metadata, claims: stamped("old-uid") },
      "blocked ForeignVolumes",
    ],
  ],
  remove: [
    ["a lossless cluster gets the finalizer", { size: 3, spec: hotRestart, claims: volumes(3) }, "AddFinalizer"],
    ["any other goes at once", { size: 3, metadata: { deletionTimestamp: at } }, "done"],
    [
      "stops gracefully first",
      { size: 3, spec: hotRestart, ...kept, metadata: going(1) },
      "WriteLedger Stop/Quiescing Q3",
    ],
    [
      "goes when stopped",
      { size: 0, spec: hotRestart, ...kept, ledger: stopped, metadata: going(1) },
      "RemoveFinalizer",
    ],
    [
      "goes in time whatever the engine does",
      {
        size: 3,
        spec: { ...hotRestart, deletion: { timeoutSeconds: 30 } },
        ...kept,
        metadata: going(31),
        member: { 0: "NoAnswer", 1: "NoAnswer", 2: "NoAnswer" },
      },
      "RemoveFinalizer",
    ],
    [
      "a damaged ledger is no reason to let a cluster with state go: it is written again first",
      { size: 3, spec: hotRestart, ...kept, metadata: going(1), ledger: { kind: "damaged", detail: "x" } },
      "WriteLedger Start/Activating Q3",
    ],
    [
      "nothing is decided from a newer operator's ledger",
      { size: 3, spec: hotRestart, ...kept, metadata: going(1), ledger: { kind: "tooNew", version: 2 } },
      "blocked LedgerTooNew",
    ],
    [
      "and yet it goes in time",
      { size: 3, spec: hotRestart, ...kept, metadata: going(601), ledger: { kind: "tooNew", version: 2 } },
      "RemoveFinalizer",
    ],
    [
      "goes at once when nobody is left, whatever the ledger says",
      { size: 0, spec: hotRestart, ...kept, metadata: going(1), ledger: { kind: "absent" } },
      "RemoveFinalizer",
    ],
    [
      "waits no longer than that",
      {
        size: 3,
        spec: { ...hotRestart, deletion: { timeoutSeconds: 30 } },
        ...kept,
        metadata: going(29),
        member: { 0: "NoAnswer" },
      },
      "wait MembersUnknown",
    ],
    [
      "goes at once with its namespace",
      { size: 3, spec: hotRestart, ...kept, metadata: going(1), namespaceTerminating: true },
      "RemoveFinalizer",
    ],
  ],
  "total loss": [
    ["all members new", { size: 3, ledger: formed(3, { members: ["a", "b", "c"] }) }, "WriteLedger rest 3 Q3"],
    [
      "nothing is done until somebody has taken note",
      { size: 3, spec: { replicas: 5 }, ledger: formed(3, { stateLost: { at, jobs: ["payments"] } }) },
      "blocked StateLost",
    ],
    [
      "taken note of",
      { size: 3, metadata: accepted, ledger: formed(3, { stateLost: { at, jobs: [] } }) },
      "WriteLedger rest 3 Q3",
    ],
    ["some members new", { size: 3, ledger: formed(3, { members: [uuidOf(0), "b", "c"] }) }, "WriteLedger rest 3 Q3"],
  ],
  "a lost node": [
    ["is named", { size: 3, pod: { 1: { ready: false, nodeLost: true } } }, "blocked NodeUnreachable"],
    [
      "a pod past its grace too",
      { size: 3, pod: { 1: { ready: false, terminating: true, goneBy: now - 120_000 } } },
      "blocked NodeUnreachable",
    ],
  ],
  "volumes of members that left": [
    ["stay by default", { size: 3, spec: hotRestart, metadata: kept.metadata, claims: stamped(clusterUid, 5) }, "done"],
    [
      "go when asked",
      { size: 3, spec: { ...hotRestart, ...deleting }, metadata: kept.metadata, claims: stamped(clusterUid, 5) },
      "DeleteClaim data-orders-4",
    ],
    [
      "never on a stop",
      {
        size: 0,
        spec: { ...hotRestart, ...deleting, suspend: true },
        metadata: kept.metadata,
        claims: stamped(clusterUid),
        ledger: stopped,
      },
      "done",
    ],
  ],
};

describe.each(Object.entries(cases))("%s", (_, table) => {
  test.each(table)("%s", (_, about, expected) => {
    expect(told(plan(observe(about)))).toBe(expected);
  });
});

function abandoned(finishedAt: string): Ledger {
  return formed(3, { lastOperation: { kind: "Stop", result: "Abandoned", finishedAt } });
}

function refreshing(): Ledger {
  return enter(leftAlone(), "RefreshingQuorum", at);
}

function resuming(): Ledger {
  return enter(leftAlone(), "ResumingJobs", at);
}

/** The shrink 3→1 with its members gone. */
function leftAlone(): Ledger {
  return { ...suspending, operation: { ...suspending.operation!, replicas: 1 } };
}

function outdated(...ordinals: readonly number[]): NonNullable<Case["pod"]> {
  return Object.fromEntries(ordinals.map((ordinal) => [ordinal, { templateHash: "before" }]));
}

/** Every member's view in this join order: the first is the master. */
function seeing(...ordinals: readonly number[]): NonNullable<Case["member"]> {
  return Object.fromEntries(ordinals.map((ordinal) => [ordinal, { view: seen(...ordinals) }]));
}

function stamped(uid: string, size = 3) {
  const stamp = { uid, epoch: 7, clusterName: "orders", version: "5.7.0", quorumBase: 3, formedSize: 3 };
  return Array.from({ length: size }, () => ({ stamp }));
}

/** Being deleted for so many seconds. */
function going(seconds: number) {
  return { finalizers: [finalizer], deletionTimestamp: new Date(now - seconds * 1_000).toISOString() };
}

test("a loss names the jobs that status last told of", () => {
  const jobs = [{ id: "p", name: "payments", status: "RUNNING" }];
  const ledger = formed(3, { members: ["a", "b", "c"], clusterId: "another" });
  const step = plan(observe({ size: 3, status: { jobs }, ledger }));
  expect(step).toMatchObject({ effect: { ledger: { stateLost: { jobs: ["payments (p)"] } } } });
});

test("members that were all replaced in their turn are the same cluster, and no loss", () => {
  const ledger = formed(3, { members: ["a", "b", "c"] });
  const step = plan(observe({ size: 3, ledger }));
  expect(step).toMatchObject({ effect: { kind: "WriteLedger", ledger: { members: ["uuid-0", "uuid-1", "uuid-2"] } } });
  expect(step).not.toHaveProperty("effect.ledger.stateLost");
});

test("none of the members left and nobody who says which cluster it is: nothing is decided", () => {
  const ledger = formed(3, { members: ["a", "b", "c"] });
  expect(told(plan(observe({ size: 3, ledger, jobs: "no answer" })))).toBe("wait JobsUnknown");
});

test("the address of the master is read from the view, not guessed from ordinals", () => {
  const about = {
    size: 3,
    ledger: rolling,
    pod: { ...outdated(2), 2: { templateHash: "before", address: addressOf(2) } },
  };
  expect(told(plan(observe({ ...about, member: seeing(2, 1, 0) })))).toBe("DeletePod orders-2");
});

test.each([
  ["a stop", { size: 3, spec: { suspend: true }, metadata: accepted }],
  ["a loss taken note of", { size: 3, metadata: accepted, ledger: formed(3, { stateLost: { at, jobs: [] } }) }],
])("%s writes down that its acceptance is used up", (_, about) => {
  expect(plan(observe(about))).toMatchObject({ effect: { ledger: { accepted: word } } });
});

test("the remedy of a refused stop names the acceptance that counts, also after one was used", () => {
  const step = plan(observe({ size: 3, spec: { suspend: true }, ledger: formed(3, { accepted: `${word}/2` }) }));
  expect(step).toMatchObject({ by: [{ check: "NotLossless", remedy: expect.stringContaining(`${word}/3`) }] });
});
