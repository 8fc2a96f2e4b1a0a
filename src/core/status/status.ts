import type { BlockedBy, Condition, JetClusterStatus, MemberStatus } from "../../api/jet-cluster.ts";
import { statusLimit } from "../../api/limits.ts";
import { label } from "../../api/names.ts";
import { secondsLeft } from "../evidence/archive-progress.ts";
import type { MemberFacts } from "../evidence/observation.ts";
import { isJoining } from "../evidence/views.ts";
import type { Ledger } from "../ledger.ts";
import { rateOf } from "./archive-ready.ts";
import { type Assessment, largest, type Verdict } from "./assessment.ts";
import { jobsOf } from "./jobs.ts";
import { jobsHealthy } from "./jobs-healthy.ts";
import { jobsProtected } from "./jobs-protected.ts";
import { losslessReady } from "./lossless-ready.ts";
import { minorityLossSafe } from "./minority-loss-safe.ts";
import { partitionsSafe } from "./partitions-safe.ts";
import { pendingTemplateOf } from "./pending-template.ts";
import { quorumMet } from "./quorum-met.ts";
import { ready } from "./ready.ts";
import { reconciling } from "./reconciling.ts";
import { singleView } from "./single-view.ts";
import { stalled } from "./stalled.ts";
import { stateLost } from "./state-lost.ts";
import { suspended } from "./suspended.ts";
import { cut } from "./text.ts";

const conditions = [
  ready,
  reconciling,
  stalled,
  suspended,
  singleView,
  partitionsSafe,
  quorumMet,
  jobsHealthy,
  jobsProtected,
  losslessReady,
  minorityLossSafe,
  stateLost,
];

/** The whole status. Times in it move only when what they stamp changes: at rest two passes give the same status. */
export function statusOf(a: Assessment): JetClusterStatus {
  const { observation, cluster } = a;
  const size = observation.statefulSet?.replicas ?? 0;
  const divided = a.views.views.length > 1;
  const blockedBy = blockedByOf(a);
  const clusterState = clusterStateOf(a);
  return {
    ...(cluster.metadata.generation !== undefined && { observedGeneration: cluster.metadata.generation }),
    replicas: size,
    selector: `${label.cluster}=${cluster.metadata.name}`,
    version: a.ledger?.version ?? cluster.status?.version ?? observation.engine.version,
    readyMembers: observation.pods.filter((pod) => pod.ready && !pod.terminating).length,
    updatedMembers: updatedMembers(a),
    members: membersOf(a),
    ...(divided && { views: viewsOf(a) }),
    ...clusterIdOf(a),
    ...(clusterState !== undefined && { clusterState }),
    ...(a.quorum && {
      quorum: { ...a.quorum, live: a.live },
      quorumSummary: `${a.live} of ${a.quorum.base}`,
    }),
    ...jobsOf(a),
    ...operationOf(a),
    ...archiveOf(a),
    ...(blockedBy.length > 0 && { blockedBy }),
    ...pendingTemplateOf(a),
    conditions: conditions.map((verdictOf) => conditionOf(a, verdictOf(a))),
  };
}

function conditionOf(a: Assessment, verdict: Verdict): Condition {
  const previous = a.cluster.status?.conditions?.find((c) => c.type === verdict.type);
  const lastTransitionTime =
    previous?.status === verdict.status ? previous.lastTransitionTime : secondsOf(a.observation.now);
  const message = cut(verdict.message, statusLimit.message);
  return { ...verdict, message, observedGeneration: a.cluster.metadata.generation ?? 0, lastTransitionTime };
}

function blockedByOf(a: Assessment): BlockedBy[] {
  const previous = a.cluster.status?.blockedBy ?? [];
  return a.unmet.map((unmet) => ({
    check: unmet.check,
    observed: cut(unmet.observed, statusLimit.text),
    needed: cut(unmet.needed, statusLimit.text),
    remedy: cut(unmet.remedy, statusLimit.text),
    since: previous.find((p) => p.check === unmet.check)?.since ?? secondsOf(a.observation.now),
  }));
}

function membersOf(a: Assessment): MemberStatus[] {
  const master = largest(a.views)?.master;
  // Somebody may have scaled the StatefulSet by hand beyond what status has room for.
  return a.observation.pods.slice(0, statusLimit.members).map((pod) => {
    const facts = a.observation.members.find((m) => m.podUid === pod.uid);
    return {
      pod: pod.name,
      ...(pod.address !== undefined && { address: pod.address }),
      state: pod.terminating ? "Leaving" : stateOf(a, facts),
      ...(facts?.known && {
        uuid: facts.uuid,
        master: facts.uuid === master,
        safe: facts.safe && facts.migrations === 0,
      }),
    };
  });
}

function stateOf(a: Assessment, facts: MemberFacts | undefined): string {
  if (!facts?.known) return "Unknown";
  if (isJoining(facts, a.observation)) return "Joining";
  return facts.nodeState === "PASSIVE" && facts.clusterState === "ACTIVE" ? "Leaving" : "Joined";
}

function viewsOf(a: Assessment): NonNullable<JetClusterStatus["views"]> {
  return a.views.views.slice(0, statusLimit.members).map((view) => ({
    members: view.members.slice(0, statusLimit.members).map((m) => m.address),
    heldBy: view.heldBy.slice(0, statusLimit.members),
  }));
}

function clusterStateOf(a: Assessment): string | undefined {
  const states = new Set(a.observation.members.flatMap((m) => (m.known ? [m.clusterState] : [])));
  return states.size === 0 ? undefined : [...states].sort().join(", ");
}

/** Without a ledger it goes on saying what it said, so that a cluster made anew is told from the one that was. */
function clusterIdOf({ ledger, cluster }: Assessment): Pick<JetClusterStatus, "clusterId"> {
  const clusterId = ledger ? ledger.clusterId : cluster.status?.clusterId;
  return clusterId === undefined ? {} : { clusterId };
}

function updatedMembers(a: Assessment): number {
  const applied = a.observation.statefulSet?.templateHash;
  return a.observation.pods.filter((pod) => pod.templateHash === applied && !pod.terminating).length;
}

function operationOf(a: Assessment): Pick<JetClusterStatus, "operation" | "lastOperation"> {
  const running = a.ledger?.operation;
  const last = a.ledger?.lastOperation;
  const first = a.unmet[0];
  return {
    ...(running && {
      operation: {
        kind: running.kind,
        from: running.from,
        to: running.to,
        step: running.step,
        startedAt: running.startedAt,
        ...(first && { waitingFor: cut(`${first.check}: ${first.observed}`, statusLimit.text) }),
        ...progressOf(a),
      },
    }),
    ...(last && { lastOperation: lastOf(last) }),
  };
}

function progressOf({ observation: { archiveProgress } }: Assessment) {
  if (!archiveProgress?.known || !archiveProgress.progress) return {};
  const { millisLeft: _, ...progress } = archiveProgress.progress;
  const left = secondsLeft(archiveProgress.progress);
  return { progress: { ...progress, ...(left !== undefined && { secondsLeft: left }) } };
}

function lastOf({ message, ...last }: NonNullable<Ledger["lastOperation"]>) {
  return { ...last, ...(message !== undefined && { message: cut(message, statusLimit.text) }) };
}

function archiveOf({ ledger }: Assessment): Pick<JetClusterStatus, "archive"> {
  if (!ledger?.archive) return {};
  const { generation, digest, at, version, entries, bytes, jobs, storedBytes, millis } = ledger.archive;
  const rate = rateOf(ledger.archive);
  return {
    archive: {
      ...{ generation, digest, savedAt: at, version, entries, bytes, jobs: jobs.length },
      ...(storedBytes !== undefined && { storedBytes }),
      ...(millis !== undefined && { seconds: Math.ceil(millis / 1_000) }),
      ...(rate !== undefined && { bytesPerSecond: rate }),
    },
  };
}

/** Times of the API have seconds. */
function secondsOf(millis: number): string {
  return new Date(millis).toISOString().replace(/\.\d{3}Z$/, "Z");
}
