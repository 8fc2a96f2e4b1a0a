import type { V1Job, V1PersistentVolumeClaim, V1Pod } from "@kubernetes/client-node";
import type { JetCluster } from "../api/jet-cluster.ts";
import { annotation, childNames } from "../api/names.ts";
import { type ArchiveFacts, type ArchiveWork, readArchiveResult } from "../core/evidence/archive.ts";
import { readStamp } from "../core/ledger.ts";
import type { Caches } from "./caches.ts";

/** The volume of archives and who works on it. Undefined where there is neither and the mode asks for none. */
export function archiveFacts(caches: Caches, { metadata, spec }: JetCluster): ArchiveFacts | undefined {
  const names = childNames(metadata.name);
  const claim = caches.persistentVolumeClaims.get(metadata.namespace, names.archiveClaim);
  const job = caches.jobs.get(metadata.namespace, names.archiveJob);
  if (!claim && !job && spec.losslessRestart.mode !== "Archive") return undefined;
  const ours = job?.metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === metadata.uid);
  return {
    claim: claim && claimOf(claim, metadata.uid),
    work: job && ours ? workOf(job, caches.pods.ownedBy(job.metadata?.uid ?? "")) : undefined,
  };
}

function claimOf(claim: V1PersistentVolumeClaim, clusterUid: string): ArchiveFacts["claim"] {
  return {
    name: claim.metadata?.name ?? "",
    uid: claim.metadata?.uid ?? "",
    bound: claim.status?.phase === "Bound",
    deleting: claim.metadata?.deletionTimestamp !== undefined,
    capacity: claim.status?.capacity?.["storage"],
    requested: claim.spec?.resources?.requests?.["storage"],
    stamp: readStamp(claim.metadata?.annotations?.[annotation.stamp]),
    tied: (claim.metadata?.ownerReferences ?? []).some((owner) => owner.uid === clusterUid),
  };
}

function workOf(job: V1Job, pods: readonly V1Pod[]): ArchiveWork {
  const pod = pods[0];
  const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
  const failed = job.status?.conditions?.find((c) => c.type === "Failed" && c.status === "True");
  const result = ended?.exitCode === 0 ? readArchiveResult(ended.message) : undefined;
  const deleting = job.metadata?.deletionTimestamp !== undefined;
  return {
    name: job.metadata?.name ?? "",
    uid: job.metadata?.uid ?? "",
    run: job.metadata?.annotations?.[annotation.archiveRun],
    phase: phaseOf(pod, failed !== undefined),
    deleting,
    address: pod?.status?.podIP,
    endedAt: timeOf(failed?.lastTransitionTime) ?? timeOf(ended?.finishedAt),
    trouble: ended && ended.exitCode !== 0 ? told(ended.reason, ended.message) : (failed?.message ?? waitingOf(pod)),
    result,
  };
}

/** By the pod's own end: the Job's controller tells of it later, and its last words are the pod's. */
function phaseOf(pod: V1Pod | undefined, failed: boolean): ArchiveWork["phase"] {
  const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
  if (ended?.exitCode === 0) return "Succeeded";
  if (ended || failed || pod?.status?.phase === "Failed") return "Failed";
  const ready = pod?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
  return ready ? "Ready" : "Starting";
}

const messageLimit = 1_000;

function waitingOf(pod: V1Pod | undefined): string | undefined {
  const unscheduled = pod?.status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False");
  if (unscheduled) return told(unscheduled.reason, unscheduled.message);
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  return waiting && waiting.reason !== "ContainerCreating" ? told(waiting.reason, waiting.message) : undefined;
}

function told(reason: string | undefined, message: string | undefined): string {
  return message ? message.trim().slice(0, messageLimit) : (reason ?? "it ended without a word");
}

function timeOf(time: Date | undefined): number | undefined {
  const millis = Date.parse(String(time ?? ""));
  return Number.isNaN(millis) ? undefined : millis;
}
