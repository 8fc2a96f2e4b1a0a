import { z } from "zod";

/**
 * What the operator must not forget between passes, and nothing else. It is one annotation of the StatefulSet, written
 * before any step that it covers and in the same patch as the replicas it belongs to. Its transitions are in
 * ledger-transitions.ts and ledger-stop-transitions.ts.
 */
export const ledgerVersion = 1;

const kinds = z.enum(["Form", "Grow", "Shrink", "Roll", "Stop", "Start"]);

/**
 * Steps by kind. Form: Joining. Grow: Joining, Withdrawing. Shrink, Roll: SuspendingJobs, then Leaving or Replacing, then
 * RefreshingQuorum, ResumingJobs. Stop: Quiescing (PASSIVE is asked for), Reactivating (given up: back to ACTIVE),
 * Halting (replicas are 0, pods go); with an archive Preparing (whoever saves has the volume and the members),
 * SuspendingJobs, Quiescing, Saving, and where it is given up ResumingJobs. Start: Joining (nobody was told to work yet),
 * Activating (written before they are); from an archive Joining, Loading, Loaded (all is there, nothing runs), Releasing
 * (jobs go on: from here nothing of the archive is written any more).
 */
const steps = z.enum([
  "Joining",
  "Withdrawing",
  "SuspendingJobs",
  "Leaving",
  "Replacing",
  "RefreshingQuorum",
  "ResumingJobs",
  "Quiescing",
  "Reactivating",
  "Halting",
  "Activating",
  "Preparing",
  "Saving",
  "Loading",
  "Loaded",
  "Releasing",
]);

/** A job that an operation suspends and lets go on afterwards, and no other. */
const suspendedJob = z.object({
  id: z.string(),
  /** Its quorum is refreshed before it goes on: the user allowed it by `jobs.quorumRefresh: Automatic`. */
  refresh: z.boolean(),
});

const archivedJob = z.object({
  id: z.string(),
  name: z.string().optional(),
  /** It ran when it was saved, so it is let go on after the restore; one that its user had suspended is not. */
  ran: z.boolean(),
  /** Members without which the engine does not start it; 0 without split-brain protection. */
  quorum: z.int().min(0),
});

/** An archive that was saved and verified. The ledger names it, never the volume: a restore takes exactly this one. */
const archive = z.object({
  generation: z.int().min(1),
  nonce: z.string().min(1),
  /** sha-256 of its manifest. */
  digest: z.string().min(1),
  /** ISO 8601. */
  at: z.string(),
  /** Engine version: job records are bound to its minor. */
  version: z.string().min(1),
  entries: z.number().min(0),
  bytes: z.number().min(0),
  /** Of the files on the volume, and how long it took to write them and to read them back. */
  storedBytes: z.number().min(0).optional(),
  millis: z.number().min(0).optional(),
  jobs: z.array(archivedJob),
});

const operation = z.object({
  kind: kinds,
  from: z.int().min(0),
  to: z.int().min(0),
  /** Replicas that this operation has last written; the end of a shrink is `to`, its present size is this. */
  replicas: z.int().min(0),
  step: steps,
  /** ISO 8601, of the step. */
  startedAt: z.string(),
  /** Why the whole cluster is stopped. */
  because: z.enum(["Suspend", "Restart", "Remove"]).optional(),
  /** The stop keeps the jobs' state: PASSIVE first, and then exactly the same members again. */
  lossless: z.boolean().optional(),
  /** Somebody has accepted that jobs lose what their snapshots lack. */
  lossAccepted: z.boolean().optional(),
  /** Stop: the archive that is being made has this nonce. Start: the nonce of the archive that is restored. */
  archive: z.string().optional(),
  /** Start from an archive: somebody has accepted that no job of it needs more members than these. */
  mostQuorum: z.int().min(1).optional(),
  /** Why it was given up, where it was. */
  failure: z.string().optional(),
  /** Without a limit of its own, as all lists that the operator itself writes: a ledger must always be readable again. */
  jobs: z.array(suspendedJob).optional(),
});

/** A job that is suspended although its user did not ask for it, and goes on once the cluster is again what it was. */
const waitingJob = z.object({
  id: z.string(),
  name: z.string().optional(),
  /**
   * MemberLoss: by the engine, without auto-scaling. Stop: the same, when the whole cluster starts again. Minority: by this
   * operator, on the smaller side of a split.
   */
  by: z.enum(["MemberLoss", "Stop", "Minority"]),
  /** Members that the cluster had when it was suspended. */
  size: z.int().min(1),
  /**
   * The snapshots that it was suspended on, one for each side of a split. On any other one it has run since, and somebody
   * else has suspended it. None: nobody can tell who suspended it, so that only a person lets it go on.
   */
  snapshots: z.array(z.string()),
  /** Masters of the sides where this operator saw it run and asks for its suspension. */
  asked: z.array(z.string()).optional(),
});

/** What becomes of jobs, whatever else is under way. */
const jobMemory = z.object({
  waiting: z.array(waitingJob),
  /** Jobs without auto-scaling that ran, and on whom: the engine suspends them when one of these is lost. */
  unscaled: z.object({ members: z.array(z.string()), jobs: z.array(z.string()) }).optional(),
  /** Jobs that the engine does not know any more although they had not ended, or ended for a damaged snapshot (`cause`). */
  vanished: z.array(
    z.object({ id: z.string(), name: z.string().optional(), at: z.string(), cause: z.string().optional() }),
  ),
  /** The whole view that stands unchanged since then, its members in the order they joined; kept only while jobs wait. */
  settled: z.object({ since: z.string(), members: z.array(z.string()) }).optional(),
});

const finished = z.object({
  kind: kinds,
  result: z.enum(["Succeeded", "Abandoned"]),
  finishedAt: z.string(),
  /** Why it was given up. */
  message: z.string().optional(),
});

const ledgerSchema = z.object({
  v: z.literal(ledgerVersion),
  /** Grows by one with each write; after a loss the largest epoch wins. */
  epoch: z.int().min(1),
  /** UID of the JetCluster that wrote it. */
  uid: z.string().min(1),
  /** Engine version, resolved once and kept although `spec.version` is absent. */
  version: z.string().min(1),
  /** Q: never below the number of live data members; raised in the same write as replicas. */
  quorumBase: z.int().min(1),
  /** Members of the last view that was whole; absent until the cluster has formed once. */
  formedSize: z.int().min(1).optional(),
  /** Members' uuids when the cluster was last seen whole and quiet. */
  members: z.array(z.string()).optional(),
  /** Made by the first master and kept through every change of members; another one without our doing is a total loss. */
  clusterId: z.string().optional(),
  /** Stopped on purpose: replicas are 0. Lossless: exactly `formedSize` members must come back. */
  stopped: z.object({ lossless: z.boolean(), at: z.string() }).optional(),
  /** The newest good archive. While stopped losslessly it is what the cluster comes back from. */
  archive: archive.optional(),
  /** All members were replaced at once without our doing: what the jobs had in memory is gone. */
  stateLost: z.object({ at: z.string(), jobs: z.array(z.string()) }).optional(),
  /** The acceptance that was used last: it counts once. */
  accepted: z.string().optional(),
  jobs: jobMemory.optional(),
  operation: operation.optional(),
  lastOperation: finished.optional(),
});

/** What a ledger of any version has. */
const anyLedger = z.object({ v: z.int() });

export type Ledger = z.output<typeof ledgerSchema>;
export type LedgerOperation = z.output<typeof operation>;
export type OperationKind = z.output<typeof kinds>;
export type Archive = z.output<typeof archive>;
export type SuspendedJob = z.output<typeof suspendedJob>;
export type WaitingJob = z.output<typeof waitingJob>;
export type JobMemory = z.output<typeof jobMemory>;

export type LedgerReading =
  | { kind: "ledger"; ledger: Ledger }
  | { kind: "absent" }
  /** Written by a newer operator: nothing may be decided from it. */
  | { kind: "tooNew"; version: number }
  | { kind: "damaged"; detail: string };

export function readLedger(annotation: string | undefined): LedgerReading {
  if (annotation === undefined) return { kind: "absent" };
  let json: unknown;
  try {
    json = JSON.parse(annotation);
  } catch {
    return { kind: "damaged", detail: "not JSON" };
  }
  const version = anyLedger.safeParse(json);
  if (version.success && version.data.v > ledgerVersion) return { kind: "tooNew", version: version.data.v };
  const parsed = ledgerSchema.safeParse(json);
  if (parsed.success) return { kind: "ledger", ledger: parsed.data };
  const issue = parsed.error.issues[0];
  return { kind: "damaged", detail: issue ? `${issue.path.join(".")}: ${issue.message}` : "unreadable" };
}

export function writeLedger(ledger: Ledger): string {
  return JSON.stringify(ledger);
}

/** Replicas as the ledger has them: any other number was written by somebody else. Undefined: nothing formed yet. */
export function expectedReplicas({ operation: running, stopped, formedSize }: Ledger): number | undefined {
  if (running) return running.replicas;
  return stopped ? 0 : formedSize;
}

const stampSchema = z.object({
  uid: z.string(),
  epoch: z.int(),
  clusterName: z.string(),
  version: z.string(),
  quorumBase: z.int(),
  formedSize: z.int().optional(),
  archive: archive.optional(),
  /** It was stopped, and what it comes back from is the archive. */
  stopped: z.literal(true).optional(),
});

/** What a claim says of the cluster whose data lie on it. */
export type Stamp = z.output<typeof stampSchema>;

export function stampOf(ledger: Ledger, clusterName: string): Stamp {
  const { uid, epoch, version, quorumBase, formedSize, archive: saved, stopped } = ledger;
  return {
    ...{ uid, epoch, clusterName, version, quorumBase },
    ...(formedSize !== undefined && { formedSize }),
    ...(saved && { archive: saved, ...(stopped?.lossless && { stopped: true as const }) }),
  };
}

/** @returns undefined for a claim without a readable stamp. */
export function readStamp(annotation: string | undefined): Stamp | undefined {
  if (annotation === undefined) return undefined;
  try {
    return stampSchema.safeParse(JSON.parse(annotation)).data;
  } catch {
    return undefined;
  }
}
