import type { JobFacts, Millis } from "./observation.ts";

/**
 * The engine suspends a job that does not scale by itself when a member is lost or its master goes, and says then just what
 * it says of a user's suspension: nothing, or "Requested by user" (seen on 5.7.0 and 4.5.4). What differs is the
 * last snapshot: for a user the engine takes one more and suspends the job at once (a tenth of a second later; more than two
 * seconds were seen on members that starved), a loss leaves it where it was. So a loss is told by any of these, and
 * everything else is nobody's word.
 */
const suspendedLongAfter: Millis = 8_000;

/** True only where a loss is certain; false where a user may have suspended the job as well. */
export function wasLossSuspended(job: JobFacts): boolean {
  if (job.status !== "SUSPENDED" || job.suspension !== "" || job.autoScaling !== false) return false;
  // Without a guarantee it would have failed, and a user's suspension takes no snapshot.
  if (job.keepsState !== true || job.recordedAt === undefined) return false;
  return isSameAsWhenActive(job) || isInTurn(job) || stoodBefore(job);
}

/** The strictest sign: it has taken no snapshot since it was seen at work. */
export function isSameAsWhenActive({ lastActive, snapshot }: JobFacts): boolean {
  return lastActive !== undefined && stamp(lastActive.snapshot) === stamp(snapshot);
}

/** Some time passed between the last snapshot and the suspension: it ran on without one. */
function stoodBefore({ snapshot, recordedAt }: JobFacts): boolean {
  return snapshot !== undefined && (recordedAt ?? 0) - snapshot.endedAt >= suspendedLongAfter;
}

/** Snapshots come an interval after the one before has ended. One that a user's suspension takes comes out of turn. */
function isInTurn({ lastActive, snapshot, snapshotInterval }: JobFacts): boolean {
  if (!lastActive?.snapshot || !snapshot || !snapshotInterval) return false;
  const turns = snapshot.id - lastActive.snapshot.id;
  const late = snapshot.startedAt - lastActive.snapshot.endedAt - turns * snapshotInterval;
  return turns > 0 && late >= 0 && late <= snapshotInterval / 10;
}

/** What tells one snapshot of a job from every other, also from that of the same number on another side of a split. */
export function snapshotStamp({ snapshot }: JobFacts): string | undefined {
  return snapshot && stamp(snapshot);
}

/** Nothing has come after what a waiting job was suspended on; "none" where it had no snapshot then. */
export function standsOn(job: JobFacts, { snapshots }: { readonly snapshots: readonly string[] }): boolean {
  return snapshots.includes(stamp(job.snapshot));
}

function stamp(snapshot: JobFacts["snapshot"]): string {
  return snapshot ? `${snapshot.id}@${snapshot.startedAt}` : "none";
}
