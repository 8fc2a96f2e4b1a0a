import { z } from "zod";
import type { Archive, Stamp } from "../ledger.ts";
import type { JobFacts, Millis } from "./observation.ts";

/** The cluster's archive volume and whoever works on it now. Undefined in the observation where the mode is another. */
export interface ArchiveFacts {
  readonly claim:
    | {
        readonly name: string;
        readonly uid: string;
        readonly bound: boolean;
        readonly deleting: boolean;
        readonly requested: string | undefined;
        /** What it really has, once it is bound, as written. */
        readonly capacity?: string | undefined;
        readonly stamp: Stamp | undefined;
        readonly tied: boolean;
      }
    | undefined;
  /** At most one at a time: its object has a fixed name. */
  readonly work: ArchiveWork | undefined;
}

/** The Kubernetes Job that saves or restores. */
export interface ArchiveWork {
  readonly name: string;
  readonly uid: string;
  /** What it was made for, see `runOf`: another one is of an earlier operation. */
  readonly run: string | undefined;
  /** Ready: it has mounted the volume, found room and reached the members. */
  readonly phase: "Starting" | "Ready" | "Succeeded" | "Failed";
  readonly deleting: boolean;
  /** Of its pod, once it has one. */
  readonly address: string | undefined;
  /** When it failed. */
  readonly endedAt: Millis | undefined;
  /** What keeps it from running, or why it failed. */
  readonly trouble: string | undefined;
  readonly result: ArchiveResult | undefined;
}

/** What the Job is made for: one attempt of one operation. */
export function runOf(does: "save" | "restore", nonce: string): string {
  return `${does}/${nonce}`;
}

const result = z.object({
  generation: z.int().min(1),
  nonce: z.string().min(1),
  digest: z.string().min(1),
  /** The engine's own id of the cluster that was copied. */
  clusterId: z.string().min(1),
  version: z.string().min(1),
  entries: z.number().min(0),
  bytes: z.number().min(0),
  jobs: z.int().min(0),
  /** Of the files on the volume. */
  storedBytes: z.number().min(0).optional(),
  /** From the first entry that was copied until all was read back. */
  millis: z.number().min(0).optional(),
});

/** What a Job that ended well says of its work, as its pod's last words (at most 4 kB, so no list is in it). */
export type ArchiveResult = z.output<typeof result>;

/** @returns undefined for anything but the words of a Job that did its work. */
export function readArchiveResult(text: string | undefined): ArchiveResult | undefined {
  if (text === undefined) return undefined;
  try {
    return result.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * @param jobs the jobs of the cluster while it stood still, all suspended.
 * @param ran ids of those that the stop itself suspended: they go on after the restore.
 */
export function archiveOf(
  saved: ArchiveResult,
  jobs: readonly JobFacts[],
  ran: readonly string[],
  at: string,
): Archive {
  const { generation, nonce, digest, version, entries, bytes, storedBytes, millis } = saved;
  return {
    ...{ generation, nonce, digest, at, version, entries, bytes },
    ...(storedBytes !== undefined && { storedBytes }),
    ...(millis !== undefined && { millis }),
    jobs: jobs.map(({ id, name, quorum = 0 }) => ({
      id,
      ...(name !== undefined && { name }),
      ran: ran.includes(id),
      quorum,
    })),
  };
}
