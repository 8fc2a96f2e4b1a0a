import type { SnapshotStats } from "./job-data.ts";
import type { MemberMeasurements } from "./job-metrics.ts";

/**
 * What a job's processors gave to one or more snapshots in a row, and what of it was stored. With large states the engine
 * can lose entries between the two without an error (seen on 5.2.5 to 5.7.0, less on 4.5.4): `stored` is then smaller.
 */
export interface SnapshotCheck {
  readonly firstSnapshotId: number;
  readonly lastSnapshotId: number;
  readonly emitted: number;
  readonly stored: number;
}

/** What was emitted to snapshots since an execution began, as one member counted it at one moment. */
interface Count {
  readonly at: number;
  readonly emitted: number;
}

/** How far a count must lie from a snapshot's begin and end to be counted to one side: clocks of members differ a little. */
const marginMillis = 100;

/**
 * Collects what a job's record and its members' metrics say over some time, until one snapshot at least lies between two
 * moments at which every member had counted while no snapshot was going on.
 */
export class SnapshotWatch {
  readonly #snapshots = new Map<number, SnapshotStats>();
  #counts = new Map<string, Count[]>();
  #execution: string | undefined;

  /** The record's last snapshot; often the same again. */
  sawSnapshot(stats: SnapshotStats): void {
    this.#snapshots.set(stats.snapshotId, stats);
  }

  /** Metrics of all members. A new execution counts from zero: what was seen before is dropped. */
  sawMetrics(members: readonly MemberMeasurements[]): void {
    const counts = members.flatMap((member) => countOf(member) ?? []);
    const execution = counts[0]?.execution;
    if (execution !== this.#execution) this.#counts = new Map();
    this.#execution = execution;
    for (const { member, at, emitted } of counts) {
      const known = this.#counts.get(member) ?? [];
      if (known.at(-1)?.at !== at) this.#counts.set(member, [...known, { at, emitted }]);
    }
  }

  /** The comparison of as many snapshots in a row as is possible by now; undefined while none is. */
  result(): SnapshotCheck | undefined {
    const ids = [...this.#snapshots.keys()].sort((a, b) => a - b);
    const totals = ids.flatMap((id) => {
      const emitted = this.#emittedAfter(id);
      return emitted === undefined ? [] : [{ id, emitted }];
    });
    let most: SnapshotCheck | undefined;
    for (const [index, later] of totals.entries()) {
      for (const earlier of totals.slice(0, index)) {
        const stored = this.#storedBetween(earlier.id, later.id);
        if (stored === undefined || later.id - earlier.id <= (most ? spanOf(most) : 0)) continue;
        const emitted = later.emitted - earlier.emitted;
        most = { firstSnapshotId: earlier.id + 1, lastSnapshotId: later.id, emitted, stored };
      }
    }
    return most;
  }

  /** What all members had emitted after this snapshot and before the next; undefined when one of them cannot tell. */
  #emittedAfter(id: number): number | undefined {
    const from = this.#snapshots.get(id)?.endedAt;
    const until = this.#snapshots.get(id + 1)?.startedAt;
    if (from === undefined || until === undefined || this.#counts.size === 0) return undefined;
    let total = 0;
    for (const counts of this.#counts.values()) {
      const count = counts.find(({ at }) => at >= from + marginMillis && at <= until - marginMillis);
      if (!count) return undefined;
      total += count.emitted;
    }
    return total;
  }

  /** Keys of all snapshots after `earlier` up to `later`; undefined when one of them was not seen, or failed. */
  #storedBetween(earlier: number, later: number): number | undefined {
    let stored = 0;
    for (let id = earlier + 1; id <= later; id++) {
      const stats = this.#snapshots.get(id);
      if (!stats) return undefined;
      stored += stats.keys;
    }
    return stored;
  }
}

/** How many snapshots were compared. */
export function spanOf({ firstSnapshotId, lastSnapshotId }: SnapshotCheck): number {
  return lastSnapshotId - firstSnapshotId + 1;
}

function countOf({ collectedAt, measurements }: MemberMeasurements) {
  const emissions = measurements.filter((m) => m.metric === "emittedCount" && m.tags.get("ordinal") === "snapshot");
  const [first] = emissions;
  const member = first?.tags.get("member");
  if (!first || member === undefined) return undefined;
  const emitted = emissions.reduce((sum, { value }) => sum + value, 0);
  return { member, execution: first.tags.get("exec"), at: collectedAt, emitted };
}
