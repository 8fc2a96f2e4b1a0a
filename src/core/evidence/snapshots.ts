import type { Completeness, Millis } from "./observation.ts";

/**
 * Operations in flight on one member from which on the engine may lose entries of a snapshot: a constant of it, shared by
 * all jobs. A snapshot has at most one in flight for each of its chunks (decision 0013).
 */
export const engineLimit = 1_000;

/** Chunks a member up to which a snapshot is whole by its size: keys that lie unevenly may more than double a member's part. */
const smallChunks = 400;

/** Of a large state most snapshots lose entries, but not all: so many in a row must be whole. */
export const enoughInARow = 3;

/** A state that has grown by more than this factor is another one, of which nothing is known. */
const growthFactor = 1.25;

/** No comparison for so long: what was once found whole may have changed since. */
const validMillis: Millis = 3_600_000;

/** A last snapshot with a smaller part of the entries than this lost some; the smallest loss seen was 0.75 %. */
const finalPart = 0.995;

/** One comparison of what a job gave to snapshots with what was stored of it. */
export interface Comparison {
  readonly emitted: number;
  readonly stored: number;
  /** How many snapshots it spans. */
  readonly snapshots: number;
}

/** What was found out about one job's snapshots so far, with a certain size and number of members. */
export interface Tally {
  readonly members: number;
  readonly chunks: number;
  readonly since: Millis;
  /** Undefined before the first comparison. */
  readonly comparedAt: Millis | undefined;
  readonly last: Comparison | undefined;
  /** Whole snapshots since the last loss. */
  readonly inARow: number;
  /** The greatest loss since then: its numbers stand in status, where nothing should move without need. */
  readonly loss: Comparison | undefined;
  /** Why the last attempt gave nothing. */
  readonly trouble: string | undefined;
}

export interface SnapshotSize {
  readonly chunks: number;
  readonly members: number;
}

export function isSmall({ chunks, members }: SnapshotSize): boolean {
  return chunks <= smallChunks * Math.max(1, members);
}

export function newTally({ chunks, members }: SnapshotSize, now: Millis): Tally {
  return {
    members,
    chunks,
    since: now,
    comparedAt: undefined,
    last: undefined,
    inARow: 0,
    loss: undefined,
    trouble: undefined,
  };
}

/** Whether the tally is of this state: on other members, or much larger, nothing of it counts. */
export function isOf(tally: Tally, { chunks, members }: SnapshotSize): boolean {
  return tally.members === members && chunks <= tally.chunks * growthFactor;
}

export function compared(tally: Tally, comparison: Comparison, now: Millis): Tally {
  const { emitted, stored, snapshots } = comparison;
  const next = { ...tally, comparedAt: now, last: comparison, trouble: undefined };
  if (stored < emitted) {
    const greater = emitted - stored > lostBy(tally.loss);
    return { ...next, inARow: 0, loss: greater ? comparison : tally.loss };
  }
  const inARow = tally.inARow + snapshots;
  return { ...next, inARow, loss: inARow >= enoughInARow ? undefined : tally.loss };
}

/**
 * The job's execution has ended: its last snapshot must have about as many entries as the ones before were given. How
 * many it was given itself nobody can tell any more.
 */
export function ended(tally: Tally, storedLast: number): Tally {
  if (!tally.last) return tally;
  const emitted = Math.round(tally.last.emitted / tally.last.snapshots);
  if (storedLast >= emitted * finalPart || emitted - storedLast <= lostBy(tally.loss)) return tally;
  return { ...tally, inARow: 0, loss: { emitted, stored: storedLast, snapshots: 1 } };
}

function lostBy(loss: Comparison | undefined): number {
  return loss ? loss.emitted - loss.stored : 0;
}

/** What the tally says now. */
export function verdictOf(tally: Tally, now: Millis): Completeness {
  const { chunks, last, loss, comparedAt, since, inARow } = tally;
  if (loss) return { kind: "Incomplete", chunks, emitted: loss.emitted, stored: loss.stored };
  const old = comparedAt === undefined || now - comparedAt > validMillis;
  if (last && inARow >= enoughInARow && !old) {
    return { kind: "Complete", chunks, emitted: last.emitted, stored: last.stored };
  }
  const why =
    tally.trouble ?? (old ? "not compared yet" : `${inARow} of ${enoughInARow} snapshots compared, all whole`);
  return { kind: "Unchecked", chunks, why, since: old && comparedAt !== undefined ? comparedAt : since };
}
