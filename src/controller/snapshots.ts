import type { Completeness, Millis } from "../core/evidence/observation.ts";
import {
  compared,
  ended,
  enoughInARow,
  isOf,
  isSmall,
  newTally,
  type Tally,
  verdictOf,
} from "../core/evidence/snapshots.ts";
import type { Answer } from "../engine/answer.ts";
import type { ExecutionRecord } from "../engine/job-data.ts";
import type { JobId } from "../engine/job-id.ts";
import type { Asked, EngineJobs } from "../engine/jobs.ts";
import { spanOf } from "../engine/snapshot-check.ts";

/**
 * Watches large snapshots of running jobs, between passes: a pass reads what was last found out and begins what is due.
 * Most jobs are small and cost nothing at all (decision 0013).
 */
export interface SnapshotSource {
  /** What is known now of each of these jobs, which are all that the cluster has. Never waits. */
  look(key: string, cluster: SnapshotCluster, jobs: readonly SnapshotQuestion[]): ReadonlyMap<JobId, Completeness>;
  /** As `look` for one job whose record has not been read again; undefined for one that is not watched. */
  latest(key: string, id: string): Completeness | undefined;
  /** Ends what goes on for this cluster. */
  forget(key: string): void;
  /** Ends everything: no connection and no timer is left. */
  stop(): void;
}

interface SnapshotCluster {
  readonly asked: Asked;
  readonly members: number;
}

export interface SnapshotQuestion {
  readonly id: JobId;
  readonly running: boolean;
  readonly keepsState: boolean | undefined;
  readonly intervalMillis: number | undefined;
  readonly record: Answer<ExecutionRecord | undefined>;
}

interface Watched {
  tally: Tally;
  /** Since when it may be tried again. */
  dueAt: Millis;
  /** Of the comparison that goes on. */
  going: AbortController | undefined;
}

/** Comparisons at a time, over all clusters: each holds one connection and asks a few small questions a second. */
const atOnce = 8;
/** A whole snapshot is looked at again: the state changes. */
const againMillis: Millis = 300_000;
/** After one that lost something, or a comparison that gave nothing. */
const soonMillis: Millis = 30_000;
/** Snapshots further apart are not waited for. */
const longestInterval: Millis = 600_000;
/** Two counts of the members' metrics around the snapshots, with time to spare on a busy cluster. */
const countsMillis: Millis = 45_000;
const defaultInterval: Millis = 10_000;

/**
 * @param now milliseconds since the epoch.
 * @param onChange a cluster has another verdict: its status should say so soon.
 */
export function createSnapshotSource(
  jobs: Pick<EngineJobs, "checkSnapshot">,
  now: () => Millis,
  onChange: (key: string) => void,
): SnapshotSource {
  const clusters = new Map<string, Map<string, Watched>>();
  let going = 0;

  const compare = async (key: string, question: SnapshotQuestion, asked: Asked, watched: Watched) => {
    const controller = new AbortController();
    watched.going = controller;
    going += 1;
    const before = verdictOf(watched.tally, now()).kind;
    try {
      await compareUntilKnown(question, asked, watched, controller.signal);
    } finally {
      going -= 1;
      watched.going = undefined;
    }
    if (controller.signal.aborted) return;
    const after = verdictOf(watched.tally, now()).kind;
    watched.dueAt = now() + (after === "Complete" ? againMillis : soonMillis);
    if (after !== before) onChange(key);
  };

  /** Snapshots in a row until there is a verdict, or nothing can be compared. */
  const compareUntilKnown = async (question: SnapshotQuestion, asked: Asked, watched: Watched, signal: AbortSignal) => {
    const intervals = (enoughInARow + 2) * (question.intervalMillis ?? defaultInterval);
    const watch = { snapshots: enoughInARow, watchMillis: intervals + countsMillis };
    do {
      const answer = await jobs.checkSnapshot(asked, question.id, watch, signal);
      if (signal.aborted) return;
      const trouble = troubleIn(answer);
      if (!answer.known || trouble !== undefined) {
        watched.tally = { ...watched.tally, trouble };
        return;
      }
      const { emitted, stored } = answer.value;
      watched.tally = compared(watched.tally, { emitted, stored, snapshots: spanOf(answer.value) }, now());
    } while (verdictOf(watched.tally, now()).kind === "Unchecked");
  };

  const lookAt = (key: string, { asked, members }: SnapshotCluster, question: SnapshotQuestion): Completeness => {
    const watching = clusters.get(key) ?? new Map<string, Watched>();
    clusters.set(key, watching);
    const before = watching.get(question.id);
    const { record } = question;
    if (!record.known) {
      const why = `its record could not be read (${record.reason})`;
      return before ? verdictOf(before.tally, now()) : { kind: "Unchecked", chunks: 0, why, since: now() };
    }
    const stats = record.value?.snapshot?.stats;
    if (question.keepsState === false || !stats) return { kind: "Small", chunks: 0 };
    const size = { chunks: stats.chunks, members };
    if (before && !question.running) {
      before.tally = ended(before.tally, stats.keys);
      const verdict = verdictOf(before.tally, now());
      if (verdict.kind !== "Complete" || isOf(before.tally, size)) return verdict;
      return { kind: "Unchecked", chunks: size.chunks, why: "its members have changed", since: now() };
    }
    if (isSmall(size)) {
      drop(watching, question.id);
      return { kind: "Small", chunks: size.chunks };
    }
    const same = before && isOf(before.tally, size);
    if (before && !same) drop(watching, question.id);
    const watched = same ? before : { tally: newTally(size, now()), dueAt: now(), going: undefined };
    watching.set(question.id, watched);
    if (question.running) begin(key, question, asked, watched);
    return verdictOf(watched.tally, now());
  };

  const begin = (key: string, question: SnapshotQuestion, asked: Asked, watched: Watched) => {
    const { intervalMillis } = question;
    if (intervalMillis !== undefined && intervalMillis > longestInterval) {
      watched.tally = { ...watched.tally, trouble: `its snapshots are ${intervalMillis / 1_000} s apart` };
      return;
    }
    if (going < atOnce && !watched.going && now() >= watched.dueAt) void compare(key, question, asked, watched);
  };

  return {
    look(key, cluster, questions) {
      const ids = new Set<string>(questions.map((question) => question.id));
      const watching = clusters.get(key);
      for (const id of watching?.keys() ?? []) if (watching && !ids.has(id)) drop(watching, id);
      return new Map(questions.map((question) => [question.id, lookAt(key, cluster, question)]));
    },
    latest(key, id) {
      const watched = clusters.get(key)?.get(id);
      return watched && verdictOf(watched.tally, now());
    },
    forget(key) {
      for (const watched of clusters.get(key)?.values() ?? []) watched.going?.abort();
      clusters.delete(key);
    },
    stop() {
      for (const watching of clusters.values()) for (const watched of watching.values()) watched.going?.abort();
      clusters.clear();
    },
  };
}

function drop(watching: Map<string, Watched>, id: string): void {
  watching.get(id)?.going?.abort();
  watching.delete(id);
}

/** More stored than counted: a member did not count. Such a comparison proves nothing. */
function troubleIn(answer: Awaited<ReturnType<EngineJobs["checkSnapshot"]>>): string | undefined {
  if (!answer.known) return `nothing could be compared (${answer.reason})`;
  const { emitted, stored } = answer.value;
  return stored > emitted ? "its members' metrics count less than was stored" : undefined;
}
