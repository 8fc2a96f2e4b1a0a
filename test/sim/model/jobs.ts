import { partitionCount } from "./partitions.ts";

type JobStatus = "NOT_RUNNING" | "RUNNING" | "SUSPENDED" | "COMPLETING";

/** Who suspended a job: its user, an operator on somebody's behalf, or the engine after it lost a member. */
export type Suspender = "person" | "operator" | "engine";

/** A streaming job as one island knows it: each side of a split has its own copy of the records. */
export interface Job {
  readonly id: string;
  protected: boolean;
  readonly autoScaling: boolean;
  status: JobStatus;
  /** A ratchet: the engine raises it with each member that joins and never lowers it. */
  quorum: number;
  suspendedBy: Suspender | undefined;
  /** When its user last asked for its suspension. */
  suspensionAskedAt: number | undefined;
  /** Members when it was last suspended. */
  sizeAtSuspension: number | undefined;
  /** The engine's words where it suspended the job for its own trouble; a loss it calls a user's request. */
  cause: string | undefined;
  /** A partition with part of its snapshot is lost: it cannot start again. */
  damaged: boolean;
  /** What its snapshots are stored in: the size of its state. */
  readonly chunks: number;
  /** Its master went: the next one suspends it in a moment, and does not start it before. */
  orphaned: boolean;
  /** From an archive, and not let go on yet: its maps are what was written there. */
  restored: boolean;
  snapshot: { readonly id: number; readonly startedAt: number; readonly endedAt: number } | undefined;
  /** When it last began to run, and when its record last changed. */
  runsSince: number;
  recordedAt: number;
}

/** Operations in flight on one member from which on the engine loses entries of a snapshot without an error. */
const inFlightLimit = 1_000;

/** Whether snapshots of this job, taken by so many members, lack entries. */
export function losesEntries({ chunks }: Job, members: number): boolean {
  return chunks > inFlightLimit * members;
}

/** Milliseconds from the end of a snapshot to the next, and that one takes; and until a suspension is in the record. */
export const snapshotInterval = 10_000;
const snapshotTakes = 60;
const suspensionTakes = 120;

type Clock = () => number;

export class Jobs {
  readonly #jobs: Map<string, Job>;
  readonly #now: Clock;
  /** Jobs whose record died with a partition, or that a person made the engine forget. */
  readonly vanished: Set<string>;

  constructor(now: Clock, from?: Jobs) {
    this.#now = now;
    // A snapshot that was under way when a cluster fell apart is finished by neither side.
    const copy = (job: Job): Job => ({ ...job, status: job.status === "COMPLETING" ? "NOT_RUNNING" : job.status });
    this.#jobs = new Map(from?.all().map((job) => [job.id, copy(job)]));
    this.vanished = new Set(from?.vanished);
  }

  all(): Job[] {
    return [...this.#jobs.values()];
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  submit(job: Pick<Job, "id" | "protected" | "autoScaling" | "chunks">, members: number): void {
    this.#jobs.set(job.id, {
      ...job,
      status: "NOT_RUNNING",
      quorum: job.protected ? quorumOf(members) : 0,
      suspendedBy: undefined,
      suspensionAskedAt: undefined,
      sizeAtSuspension: undefined,
      cause: undefined,
      damaged: false,
      orphaned: false,
      restored: false,
      // The first snapshot of large state is there when anybody first looks: before it, nobody could know of the size.
      snapshot: job.chunks > 1 ? { id: 0, startedAt: this.#now(), endedAt: this.#now() } : undefined,
      runsSince: this.#now(),
      recordedAt: this.#now(),
    });
  }

  /** As its records say that somebody wrote past the engine. */
  takeOver(record: Job): void {
    const status = record.status === "SUSPENDED" ? "SUSPENDED" : "NOT_RUNNING";
    this.#jobs.set(record.id, { ...record, status, sizeAtSuspension: undefined, orphaned: false, restored: true });
    this.vanished.delete(record.id);
  }

  /** Only a master that sees a data member join raises quorums (engine.md §1). */
  memberJoined(members: number): void {
    for (const job of this.#jobs.values()) {
      if (job.protected) job.quorum = Math.max(job.quorum, quorumOf(members));
    }
  }

  /**
   * Every job stops, with a last snapshot where a member leaves as it should; what may not scale by itself is suspended when
   * a member was lost, not when one left.
   */
  interrupted(why: "joined" | "left" | "lost", members: number): void {
    for (const job of this.#jobs.values()) {
      if (job.status !== "RUNNING") continue;
      if (why === "joined" && !job.autoScaling) continue;
      if (why === "lost") this.takeDueSnapshots(job);
      else this.takeLastSnapshot(job);
      job.status = "NOT_RUNNING";
      if (why === "lost" && !job.autoScaling) this.suspend(job, "engine", members);
    }
  }

  /** The master went, however: jobs that do not scale by themselves wait for their suspension by the next one. */
  masterGone(): string[] {
    const orphans = this.all().filter((job) => !job.autoScaling && ["RUNNING", "NOT_RUNNING"].includes(job.status));
    for (const job of orphans) {
      if (job.status === "RUNNING") this.takeDueSnapshots(job);
      Object.assign(job, { status: "NOT_RUNNING", orphaned: true });
    }
    return orphans.map((job) => job.id);
  }

  /** What the next master does about them. */
  suspendOrphans(members: number): void {
    for (const job of this.#jobs.values()) {
      if (job.orphaned && job.status === "NOT_RUNNING") this.suspend(job, "engine", members);
      job.orphaned = false;
    }
  }

  suspend(job: Job, by: Suspender, members: number): void {
    job.status = "SUSPENDED";
    job.suspendedBy = by;
    job.sizeAtSuspension = members;
    job.cause = by === "engine" && job.damaged ? "its snapshot is damaged" : undefined;
    job.recordedAt = Math.max(this.#now(), (job.snapshot?.endedAt ?? 0) + suspensionTakes);
  }

  /** Those that came since it began to run, each an interval after the one before. */
  takeDueSnapshots(job: Job): void {
    if (job.status !== "RUNNING") return;
    for (;;) {
      const begins = Math.max(job.snapshot?.endedAt ?? 0, job.runsSince) + snapshotInterval;
      if (begins + snapshotTakes > this.#now()) return;
      this.#take(job, begins, snapshotTakes);
    }
  }

  /** Out of turn. @param takes milliseconds; it ends now. */
  takeLastSnapshot(job: Job, takes = snapshotTakes): void {
    this.takeDueSnapshots(job);
    this.#take(job, this.#now() - takes, takes);
  }

  #take(job: Job, startedAt: number, takes: number): void {
    job.snapshot = { id: (job.snapshot?.id ?? -1) + 1, startedAt, endedAt: startedAt + takes };
    job.recordedAt = startedAt + takes;
  }

  /** Its record is lost, by whatever: the engine says nothing of it. */
  forget(id: string): void {
    if (this.#jobs.delete(id)) this.vanished.add(id);
  }

  /** A start attempt of all that wait for one. @returns those that run now */
  start(members: number, isComplete: (job: Job) => boolean): Job[] {
    const started: Job[] = [];
    for (const job of this.#jobs.values()) {
      if (job.status !== "NOT_RUNNING" || job.orphaned || members < job.quorum) continue;
      job.damaged ||= !isComplete(job);
      if (job.damaged) this.suspend(job, "engine", members);
      else started.push(Object.assign(job, { status: "RUNNING", runsSince: this.#now() }));
    }
    return started;
  }

  partitionLost(partition: number): void {
    for (const job of this.#jobs.values()) {
      if (recordPartitionOf(job.id) === partition) this.forget(job.id);
      else if (!job.restored) job.damaged = true;
    }
  }
}

export function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

export function recordPartitionOf(id: string): number {
  return [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % partitionCount;
}
