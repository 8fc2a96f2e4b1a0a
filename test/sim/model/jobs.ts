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
  /** A partition with part of its snapshot is lost: it cannot start again. */
  damaged: boolean;
  /** What its snapshots are stored in: the size of its state. */
  readonly chunks: number;
}

/** Operations in flight on one member from which on the engine loses entries of a snapshot without an error. */
const inFlightLimit = 1_000;

/** Whether snapshots of this job, taken by so many members, lack entries. */
export function losesEntries({ chunks }: Job, members: number): boolean {
  return chunks > inFlightLimit * members;
}

export class Jobs {
  readonly #jobs: Map<string, Job>;
  /** Jobs whose record died with a partition. */
  readonly vanished: Set<string>;

  constructor(from?: Jobs) {
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
      damaged: false,
    });
  }

  /** Only a master that sees a data member join raises quorums (engine.md §1). */
  memberJoined(members: number): void {
    for (const job of this.#jobs.values()) {
      if (job.protected) job.quorum = Math.max(job.quorum, quorumOf(members));
    }
  }

  /** Every job stops; what may not scale by itself is suspended when a member was lost, not when one left. */
  interrupted(why: "joined" | "left" | "lost", members: number): void {
    for (const job of this.#jobs.values()) {
      if (job.status !== "RUNNING") continue;
      if (why === "joined" && !job.autoScaling) continue;
      job.status = "NOT_RUNNING";
      if (why === "lost" && !job.autoScaling) suspend(job, "engine", members);
    }
  }

  /** A start attempt of all that wait for one. */
  start(members: number): void {
    for (const job of this.#jobs.values()) {
      if (job.status !== "NOT_RUNNING" || members < job.quorum) continue;
      if (job.damaged) suspend(job, "engine", members);
      else job.status = "RUNNING";
    }
  }

  partitionLost(partition: number): void {
    for (const job of this.#jobs.values()) {
      if (recordPartitionOf(job.id) !== partition) job.damaged = true;
      else {
        this.#jobs.delete(job.id);
        this.vanished.add(job.id);
      }
    }
  }
}

export function suspend(job: Job, by: Suspender, members: number): void {
  job.status = "SUSPENDED";
  job.suspendedBy = by;
  job.sizeAtSuspension = members;
}

export function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

function recordPartitionOf(id: string): number {
  return [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % partitionCount;
}
