import { z } from "zod";

/**
 * What the members of a cluster know together. The master alone changes it and sends every change to all others, so that
 * the next oldest can take over; with persistence each keeps it on its volume.
 */

export const clusterStates = ["ACTIVE", "NO_MIGRATION", "FROZEN", "PASSIVE"] as const;
export type ClusterState = (typeof clusterStates)[number];

export const jobStatuses = [
  "NOT_RUNNING",
  "STARTING",
  "RUNNING",
  "SUSPENDED",
  "SUSPENDED_EXPORTING_SNAPSHOT",
  "COMPLETING",
  "FAILED",
  "COMPLETED",
] as const;

const snapshot = z.object({
  id: z.int(),
  /** What the job had counted. */
  value: z.int(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  endedAt: z.number(),
  keys: z.int(),
});

/** One run of a job, from its start on some members to its end. */
const execution = z.object({
  id: z.int(),
  /** The count it went on from: the last snapshot's. */
  from: z.int(),
  members: z.int(),
  startedAt: z.number(),
  /** The count of its last snapshot when it ended; absent while it runs, and for one that ended without. */
  to: z.int().optional(),
});

const job = z.object({
  /** Sixteen hexadecimal digits. */
  id: z.string(),
  name: z.string().optional(),
  guarantee: z.enum(["NONE", "AT_LEAST_ONCE", "EXACTLY_ONCE"]),
  protection: z.boolean(),
  intervalMillis: z.int(),
  status: z.enum(jobStatuses),
  submittedAt: z.number(),
  quorum: z.int(),
  executed: z.boolean(),
  /** Of a suspended job: the engine's words, empty for a user's wish. */
  suspension: z.string().optional(),
  snapshot: snapshot.optional(),
  /** Entries given to snapshots since the last execution began. */
  emitted: z.int(),
  /** All of them, the oldest first: a lost or doubled one shows in the counts. */
  executions: z.array(execution),
  resumes: z.int(),
});

const member = z.object({
  uuid: z.string(),
  address: z.string(),
  /** Of the process: one that was started again has another, whatever it read from its volume. */
  boot: z.string(),
});

export const factsSchema = z.object({
  /** Grows by one with each change. */
  version: z.int(),
  clusterId: z.string(),
  state: z.enum(clusterStates),
  /** In join order: the first is the master. */
  members: z.array(member),
  /** Left while nobody may join but these: in FROZEN or PASSIVE. */
  missing: z.array(z.string()),
  /** Grows with each change of who belongs to the cluster, the missing ones included. */
  listVersion: z.int(),
  jobs: z.array(job),
});

export type Facts = z.output<typeof factsSchema>;
export type Job = z.output<typeof job>;
export type Snapshot = z.output<typeof snapshot>;
export type SeenMember = z.output<typeof member>;

/** Everybody whose data the cluster has, by uuid, sorted: who must be back at a start of the whole. */
export function everybody({ members, missing }: Facts): string[] {
  return [...members.map(({ uuid }) => uuid), ...missing].sort();
}

export function newFacts(clusterId: string, first: SeenMember): Facts {
  return { version: 1, clusterId, state: "ACTIVE", members: [first], missing: [], listVersion: 1, jobs: [] };
}
