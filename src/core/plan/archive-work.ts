import type { ArchiveTask } from "../desired/archive-job.ts";
import { type ArchiveWork, runOf } from "../evidence/archive.ts";
import { progressText } from "../evidence/archive-progress.ts";
import type { KnownMember, Millis, Observation } from "../evidence/observation.ts";
import { hostOf } from "../evidence/views.ts";
import { runningName } from "../evidence/wishes.ts";
import { effect } from "./evidence.ts";
import { type Step, type Unmet, wait } from "./step.ts";

/** One attempt of saving or restoring, by the operation it belongs to. */
export type Work = Omit<ArchiveTask, "members" | "clusterName">;

/** The Job of this very attempt, wherever it stands; undefined while it is not there. */
export function workOf({ archive }: Observation, { does, nonce }: Work): ArchiveWork | undefined {
  const { work } = archive ?? {};
  return work && !work.deleting && work.run === runOf(does, nonce) ? work : undefined;
}

/**
 * Brings the Job of this attempt into being. The one of an earlier attempt goes first, and its pod with it: the volume has
 * one user at a time.
 */
export function startWork(observation: Observation, work: Work, says: string): Step {
  const there = observation.archive?.work;
  if (!there) {
    const members = observation.members.flatMap((member) => (member.known ? [ownHost(member)] : [])).sort();
    return effect(
      observation,
      { kind: "CreateArchiveJob", task: { ...work, clusterName: runningName(observation), members } },
      says,
    );
  }
  return endWork(observation, "the archive's volume is let go first") ?? wait(leaving(there));
}

/** Where the others reach it. The caller has seen one whole view. */
function ownHost({ uuid, view }: KnownMember): string {
  return hostOf(view.find((seen) => seen.uuid === uuid)?.address ?? "");
}

/** Takes away whoever works on the volume; undefined when nobody does, or is already going. */
export function endWork(observation: Observation, says: string): Step | undefined {
  const there = observation.archive?.work;
  if (!there || there.deleting) return undefined;
  return effect(observation, { kind: "DeleteArchiveJob", name: there.name, uid: there.uid }, says);
}

/** Nobody works on the volume, and no pod of an earlier Job may still write to it. */
export function volumeFree({ archive }: Observation): Unmet | undefined {
  return archive?.work ? leaving(archive.work) : undefined;
}

function leaving({ name }: ArchiveWork): Unmet {
  return {
    check: "ArchiveBusy",
    observed: `${name} or its pod is still there`,
    needed: "nobody else on the archive's volume",
    remedy: "wait: it is being ended; if its node does not answer, bring the node back",
  };
}

/** Not yet ready, with what keeps it. A restore reads all of its archive before it is. */
export function preparing({ archive, archiveProgress }: Observation): Unmet {
  const { work } = archive ?? {};
  const reading = archiveProgress?.known ? progressText(archiveProgress) : undefined;
  return {
    check: "ArchiveNotReady",
    observed: work?.trouble ?? reading ?? "the Job that saves or restores is being started",
    needed: "its pod has mounted the volume, found room on it and reached every member",
    remedy: work?.trouble
      ? "look at the pod's events and log: kubectl describe job, kubectl logs; nothing of the cluster has been touched"
      : "wait: it ends by itself",
  };
}

/** Between two attempts that failed. */
const retryMillis: Millis = 60_000;

export function mayRetry({ now }: Observation, { endedAt }: ArchiveWork): boolean {
  return endedAt === undefined || now - endedAt > retryMillis;
}
