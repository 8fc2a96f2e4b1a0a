import {
  type Archive,
  type JobMemory,
  type Ledger,
  type LedgerOperation,
  ledgerVersion,
  type SuspendedJob,
} from "./ledger.ts";
import { advanced, joining, operationOf, usedUp } from "./ledger-change.ts";

/**
 * Every lawful change of the ledger, in the order of a cluster's life; those of a stop and of the start after it are in
 * ledger-stop-transitions.ts. Each answers a new ledger with the next epoch; none decides whether its moment has come.
 * Times are ISO 8601.
 */

/** The first ledger of a cluster: forming `size` members. Q starts at the size, so no half of it can pass for the whole. */
export function openLedger(start: { uid: string; version: string; size: number; at: string }): Ledger {
  return {
    v: ledgerVersion,
    epoch: 1,
    uid: start.uid,
    version: start.version,
    quorumBase: start.size,
    operation: joining("Form", 0, start.size, start.at),
  };
}

/**
 * The size asked for changed while nothing had formed yet: no job can have run, so the size may go both ways at once.
 * Q only rises here: members beyond the new size may still be alive; `finish` lowers it.
 */
export function reform(ledger: Ledger, size: number, at: string): Ledger {
  return {
    ...advanced(ledger),
    quorumBase: Math.max(ledger.quorumBase, size),
    operation: joining("Form", 0, size, at),
  };
}

interface Remembered {
  readonly size: number;
  readonly quorumBase: number;
  readonly epoch: number;
  readonly version: string;
  readonly clusterId?: string | undefined;
}

/**
 * The ledger was lost, with its StatefulSet or alone: what is remembered brings back the size and Q it had, never less.
 * The cluster counts as formed: its members may be alive with jobs on them, so its size changes only step by step.
 */
export function reopenLedger(remembered: Remembered, start: { uid: string; at: string }): Ledger {
  return {
    v: ledgerVersion,
    epoch: remembered.epoch + 1,
    uid: start.uid,
    version: remembered.version,
    quorumBase: Math.max(remembered.quorumBase, remembered.size),
    formedSize: remembered.size,
    // All its pods may have gone with the StatefulSet: whether it is still the same cluster only this can tell.
    ...(remembered.clusterId !== undefined && { clusterId: remembered.clusterId }),
    operation: joining("Form", 0, remembered.size, start.at),
  };
}

/** As `reopenLedger`, for a cluster of which nobody runs. */
export function reopenStopped(
  remembered: Remembered & { readonly archive?: Archive | undefined },
  lossless: boolean,
  start: { uid: string; at: string },
): Ledger {
  const { operation: _, clusterId: __, ...ledger } = reopenLedger(remembered, start);
  const { archive } = remembered;
  return { ...ledger, stopped: { lossless, at: start.at }, ...(archive && { archive }) };
}

/**
 * As `reopenLedger`, for a cluster whose members have their state on volumes: all of them start together.
 * @param start.alive members may be at work: then there is no way back down from this start.
 */
export function restoreStopped(remembered: Remembered, start: { uid: string; at: string; alive: boolean }): Ledger {
  const { clusterId: _, ...ledger } = reopenLedger(remembered, start);
  const operation = { ...joining("Start", 0, remembered.size, start.at), lossless: true };
  return { ...ledger, operation: start.alive ? { ...operation, step: "Activating" } : operation };
}

/** Somebody scaled the StatefulSet by hand below what the operation has: only the number is put right. */
export function keepOperation(ledger: Ledger): Ledger {
  return advanced(ledger);
}

/** Somebody scaled it by hand beyond: members that may join count at once. An operation that goes down goes on from there. */
export function adopt(ledger: Ledger, replicas: number, at: string): Ledger {
  const { operation: running } = ledger;
  if (!running) return beginGrow(ledger, { from: ledger.formedSize ?? 0, to: replicas }, at);
  const to = running.kind === "Shrink" || running.kind === "Stop" ? running.to : replicas;
  const from = running.kind === "Stop" ? replicas : running.from;
  return {
    ...advanced(ledger),
    quorumBase: Math.max(ledger.quorumBase, replicas),
    operation: { ...running, from, to, replicas, startedAt: at },
  };
}

/** Belongs in the same write as the larger replicas: Q is raised before any new member can count (invariant I6). */
export function beginGrow(ledger: Ledger, sizes: { from: number; to: number }, at: string): Ledger {
  return {
    ...advanced(ledger),
    quorumBase: Math.max(ledger.quorumBase, sizes.to),
    operation: joining("Grow", sizes.from, sizes.to, at),
  };
}

/** The last pod, which never joined, is taken back. Q stays raised until `finish` has seen exactly the members kept. */
export function withdrawGrow(ledger: Ledger, keep: number, at: string): Ledger {
  const { operation: growing } = ledger;
  if (growing?.kind !== "Grow") throw new Error("only a growth can be withdrawn");
  return {
    ...advanced(ledger),
    operation: { ...growing, to: keep, replicas: keep, step: "Withdrawing", startedAt: at },
  };
}

/** Jobs first, where any are to be suspended; else the first member leaves with the write that this belongs to. */
export function beginShrink(
  ledger: Ledger,
  sizes: { from: number; to: number; acceptedLoss?: string | undefined },
  jobs: readonly SuspendedJob[],
  at: string,
): Ledger {
  const suspending = jobs.length > 0;
  const { acceptedLoss, ...range } = sizes;
  return {
    ...advanced(ledger),
    ...usedUp(acceptedLoss),
    operation: {
      kind: "Shrink",
      ...range,
      replicas: suspending ? sizes.from : sizes.from - 1,
      step: suspending ? "SuspendingJobs" : "Leaving",
      startedAt: at,
      ...(suspending && { jobs: [...jobs] }),
      ...(acceptedLoss !== undefined && { lossAccepted: true }),
    },
  };
}

/** In the same write as replicas − 1. Q stays: it falls only when the shrink has ended (`finish`). */
export function takeNextAway(ledger: Ledger, at: string): Ledger {
  const shrinking = operationOf(ledger, "Shrink");
  return {
    ...advanced(ledger),
    operation: { ...shrinking, replicas: shrinking.replicas - 1, step: "Leaving", startedAt: at },
  };
}

/** The user wants no more members taken away: the shrink ends where it is. Jobs not suspended by now need not be. */
export function endShrinkHere(ledger: Ledger, at: string): Ledger {
  const shrinking = operationOf(ledger, "Shrink");
  const step = shrinking.step === "SuspendingJobs" ? "ResumingJobs" : shrinking.step;
  return { ...advanced(ledger), operation: { ...shrinking, to: shrinking.replicas, step, startedAt: at } };
}

/**
 * In the same write as the pod template. A template for another version carries the version with it. Where every pod has
 * it already (`unneeded`), what is left is to let the jobs go on.
 */
export function beginRoll(
  ledger: Ledger,
  roll: {
    size: number;
    version: string;
    jobs: readonly SuspendedJob[];
    unneeded?: boolean;
    /** The acceptance of a loss that it uses up, or `true` where one was used up before. */
    acceptedLoss?: string | true | undefined;
  },
  at: string,
): Ledger {
  const suspending = roll.jobs.length > 0;
  return {
    ...advanced(ledger),
    ...(roll.acceptedLoss !== true && usedUp(roll.acceptedLoss)),
    version: roll.version,
    operation: {
      kind: "Roll",
      from: roll.size,
      to: roll.size,
      replicas: roll.size,
      step: !suspending ? "Replacing" : roll.unneeded ? "ResumingJobs" : "SuspendingJobs",
      startedAt: at,
      ...(suspending && { jobs: [...roll.jobs] }),
      ...(roll.acceptedLoss !== undefined && { lossAccepted: true }),
    },
  };
}

/** The next step of the operation under way. */
export function enter(ledger: Ledger, step: LedgerOperation["step"], at: string): Ledger {
  if (!ledger.operation) throw new Error(`no operation that could enter ${step}`);
  return { ...advanced(ledger), operation: { ...ledger.operation, step, startedAt: at } };
}

/**
 * One whole view of exactly ordinals 0…size−1 was seen, all safe. The only place where Q may fall: after a shrink, for a
 * growth that was withdrawn, for the first forming and for a start from nothing, where nobody else is left who could
 * count (reliability: the set matters, not the number).
 */
export function finish(ledger: Ledger, size: number, at: string): Ledger {
  const { operation: ended, ...rest } = advanced(ledger);
  const abandoned = ended?.step === "Withdrawing" || ended?.kind === "Stop";
  // Restored into a cluster that began empty: nobody else can be left of it either.
  const anew = ended?.kind === "Start" && (!ended.lossless || ended.archive !== undefined);
  const first = ledger.formedSize === undefined || anew;
  const lowers = ended?.step === "Withdrawing" || ended?.kind === "Shrink" || first;
  return {
    ...rest,
    quorumBase: lowers ? size : Math.max(ledger.quorumBase, size),
    formedSize: size,
    ...(ended && {
      lastOperation: {
        kind: ended.kind,
        result: abandoned ? "Abandoned" : "Succeeded",
        finishedAt: at,
        ...(abandoned && ended.failure !== undefined && { message: ended.failure }),
      },
    }),
  };
}

/** Who the cluster is, as last seen whole and quiet. */
export interface Identity {
  readonly members: readonly string[];
  /** Undefined where the engine was not heard. */
  readonly clusterId: string | undefined;
}

export function rememberIdentity(ledger: Ledger, { members, clusterId }: Identity): Ledger {
  return { ...advanced(ledger), members: [...members], ...(clusterId !== undefined && { clusterId }) };
}

/** Not one member of the last whole view is left, the cluster is another, and nobody stopped it. */
export function recordLoss(ledger: Ledger, loss: Identity & { jobs: readonly string[] }, at: string): Ledger {
  const { jobs: _, ...rest } = rememberIdentity(ledger, loss);
  return { ...rest, stateLost: { at, jobs: loss.jobs.slice(0, 100) } };
}

/** What is known of jobs has changed. Written before the engine is asked to suspend any of them. */
export function rememberJobs(ledger: Ledger, jobs: JobMemory | undefined): Ledger {
  const { jobs: _, ...rest } = advanced(ledger);
  return { ...rest, ...(jobs && { jobs }) };
}

/** The user has taken note, by this acceptance, of jobs that vanished, and of those that nobody knows who suspended. */
export function takeNoteOfJobs(ledger: Ledger, accepted: string): Ledger {
  const { jobs } = ledger;
  const waiting = jobs?.waiting.filter((job) => job.snapshots.length > 0) ?? [];
  return { ...rememberJobs(ledger, jobs && { ...jobs, waiting, vanished: [] }), accepted };
}

/** The user has taken note of a loss, by this acceptance. */
export function acceptLoss(ledger: Ledger, accepted: string): Ledger {
  const { stateLost: _, ...rest } = advanced(ledger);
  return { ...rest, accepted };
}

/** Somebody has accepted, in the middle of an operation, that jobs lose what their snapshots lack. */
export function acceptSnapshotLoss(ledger: Ledger, accepted: string): Ledger {
  if (!ledger.operation) throw new Error("no operation that could lose anything");
  return { ...advanced(ledger), accepted, operation: { ...ledger.operation, lossAccepted: true } };
}
