import type { Job, Jobs } from "./jobs.ts";
import { partitionCount } from "./partitions.ts";

export const executionRecordsMap = "__jet.executionRecords";
export const recordsMap = "__jet.records";
/** The one map of clients: a counter a partition. */
export const clientsMap = "clients";
const snapshotPrefix = "__jet.snapshot.";

/** A map's entries as they lie in an archive: how many, and what they say. */
export interface Entries {
  readonly size: number;
  readonly value: unknown;
}

type ExecutionRecords = Readonly<Record<string, Job>>;

export function snapshotMapOf({ id, snapshot }: Pick<Job, "id" | "snapshot">): string {
  return `${snapshotPrefix}${id}.${(snapshot?.id ?? 0) % 2}`;
}

interface Stored extends Entries {
  /** Made known by a proxy, so that the master's clean-up sees it. */
  readonly known: boolean;
}

/**
 * The maps of one island, as a copy finds and leaves them. What a running job has in them follows from the job; kept here is
 * what clients wrote, and what was written past the engine: records that the master has not looked at, snapshots of jobs
 * that have not run yet.
 */
export class Maps {
  /** Updates by clients that the engine has confirmed, by partition; undefined where the partition was lost. */
  readonly clients: (number | undefined)[];
  #executionRecords: ExecutionRecords;
  #records: readonly string[];
  #recordsKnown: boolean;
  readonly #snapshots: Map<string, Stored>;

  constructor(from?: Maps) {
    this.clients = from ? [...from.clients] : Array.from({ length: partitionCount }, () => 0);
    this.#executionRecords = from ? from.#executionRecords : {};
    this.#records = from ? from.#records : [];
    this.#recordsKnown = from ? from.#recordsKnown : false;
    this.#snapshots = new Map(from ? from.#snapshots : []);
  }

  get executionRecords(): ExecutionRecords {
    return this.#executionRecords;
  }

  /** Records that the master can see and has made no job of yet. */
  get untaken(): readonly string[] {
    return this.#recordsKnown ? this.#records : [];
  }

  /** All maps that an archive of these jobs needs. */
  namesFor(jobs: readonly Job[]): string[] {
    return [executionRecordsMap, recordsMap, ...jobs.map(snapshotMapOf), clientsMap];
  }

  read(name: string, jobs: Jobs): Entries {
    if (name === clientsMap) return { size: partitionCount, value: [...this.clients] };
    const all = jobs.all();
    if (name === recordsMap) {
      const ids = [...new Set([...this.#records, ...all.map((job) => job.id)])].sort();
      return { size: ids.length, value: ids };
    }
    if (name === executionRecordsMap) {
      const listed = Object.fromEntries(all.map((job) => [job.id, { ...job }]));
      const records = { ...this.#executionRecords, ...listed };
      return { size: Object.keys(records).length, value: records };
    }
    const stored = this.#snapshots.get(name);
    if (stored) return { size: stored.size, value: stored.value };
    const job = all.find((each) => snapshotMapOf(each) === name && !each.restored);
    return job?.snapshot ? snapshotOf(job, job.snapshot) : nothing;
  }

  /** @param known by a proxy, which makes the map visible to the engine itself. */
  write(name: string, { size, value }: Entries, known: boolean): void {
    if (name === clientsMap) {
      for (const [n, count] of (value as (number | undefined)[]).entries()) this.clients[n] = count;
    } else if (name === executionRecordsMap) {
      this.#executionRecords = { ...this.#executionRecords, ...(value as ExecutionRecords) };
    } else if (name === recordsMap) {
      this.#recordsKnown ||= known;
      this.#records = [...new Set([...this.#records, ...(value as string[])])];
    } else this.#snapshots.set(name, { size, value, known });
  }

  /** The master has made a job of its records. */
  taken(id: string): void {
    this.#records = this.#records.filter((other) => other !== id);
    const { [id]: _, ...others } = this.#executionRecords;
    this.#executionRecords = others;
  }

  /** All of the job's last snapshot is here, so that it can go on from it. */
  hasSnapshotOf(job: Job): boolean {
    if (!job.snapshot) return true;
    const wanted = snapshotOf(job, job.snapshot);
    return JSON.stringify(this.read(snapshotMapOf(job), noJobs)) === JSON.stringify(wanted);
  }

  /** It runs: what lies in its maps follows from it from now on. Also that of one that began from nothing. */
  started({ id }: Job): void {
    for (const name of this.#snapshots.keys()) {
      if (name.startsWith(`${snapshotPrefix}${id}.`)) this.#snapshots.delete(name);
    }
  }

  /** The master's clean-up: snapshots that it knows by name and whose job it does not know. @returns their names */
  cleanUp(jobs: Jobs): string[] {
    const ofNobody = [...this.#snapshots].filter(([name, { known }]) => known && !this.#isOfSomeJob(name, jobs));
    for (const [name] of ofNobody) this.#snapshots.delete(name);
    return ofNobody.map(([name]) => name);
  }

  #isOfSomeJob(name: string, jobs: Jobs): boolean {
    return [...this.#records, ...jobs.all().map((job) => job.id)].some((id) =>
      name.startsWith(`${snapshotPrefix}${id}.`),
    );
  }

  /** One partition's entries are gone: of clients, and some of every snapshot that lies here. */
  partitionLost(partition: number, isRecordThere: (id: string) => boolean): void {
    this.clients[partition] = undefined;
    for (const [name, stored] of this.#snapshots) this.#snapshots.set(name, { ...stored, size: stored.size - 1 });
    for (const id of [...this.#records, ...Object.keys(this.#executionRecords)]) {
      if (isRecordThere(id)) this.taken(id);
    }
  }
}

const nothing: Entries = { size: 0, value: null };

const noJobs = { all: () => [] } as unknown as Jobs;

/** The chunks and one entry that says that they are all. */
function snapshotOf({ id, chunks }: Job, { id: snapshot }: { readonly id: number }): Entries {
  return { size: chunks + 1, value: { of: id, snapshot } };
}
