import type { OpenCluster } from "../../../src/archive/cluster.ts";
import { readExecutionRecord } from "../../../src/engine/job-data.ts";
import { type JobId, jobIdOf, parseJobId } from "../../../src/engine/job-id.ts";
import type { EngineJobs, Job, JobStatus } from "../../../src/engine/jobs.ts";
import type { ClusterMaps, ClusterSight, RawEntry } from "../../../src/engine/maps.ts";
import { longData, partitionOf, readLong } from "../../../src/engine/protocol/data.ts";

const partitionCount = 5;

/**
 * A cluster in memory that has the engine's traps: at every call its clean-up deletes the snapshot maps that have a proxy
 * and whose job has no record; a record is looked at only if its map has a proxy; and a record without an execution record
 * starts its job from nothing.
 */
export class FakeCluster {
  readonly contents = new Map<string, Map<string, RawEntry>>();
  readonly proxies = new Set<string>();
  readonly startedFromNothing = new Set<JobId>();
  /** Jobs as the master knows them. */
  readonly jobs = new Map<JobId, JobStatus>();
  /** Jobs that the master leaves out of its list. */
  readonly unlisted = new Set<JobId>();
  sight: ClusterSight;
  /** Throws at this call, counted from 0, and at every later one. */
  failsAt = Number.POSITIVE_INFINITY;
  calls = 0;
  forgets = false;
  readonly #giveUp = new AbortController();

  constructor(clusterId: string, state: "ACTIVE" | "PASSIVE" = "ACTIVE") {
    this.sight = { clusterId, engineVersion: "5.7.0", state, members: ["a", "b"], owners: ["a", "b", "a", "b", "a"] };
  }

  map(name: string): Map<string, RawEntry> {
    const map = this.contents.get(name) ?? new Map<string, RawEntry>();
    this.contents.set(name, map);
    return map;
  }

  put(name: string, entries: readonly RawEntry[]): void {
    const map = this.map(name);
    for (const { key, value } of entries)
      map.set(key.toString("hex"), { key: Buffer.from(key), value: Buffer.from(value) });
  }

  /** Everything in it, to be compared. */
  text(): Record<string, string[]> {
    const filled = [...this.contents].filter(([, map]) => map.size > 0);
    return Object.fromEntries(
      filled.map(([name, map]) => [name, [...map].map(([key, { value }]) => `${key}=${value.toString("hex")}`).sort()]),
    );
  }

  open(): OpenCluster {
    return {
      access: { clusterName: "orders", members: [{ host: "10.0.0.1", port: 5701 }] },
      maps: this.#maps(),
      jobs: this.#engineJobs(),
      signal: this.#giveUp.signal,
      [Symbol.dispose]: () => {},
    };
  }

  #called(): void {
    this.calls += 1;
    if (this.calls > this.failsAt) throw new Error("the connection failed");
    this.#scan();
  }

  #records(name: string): Set<JobId> {
    return new Set([...this.map(name).values()].map(({ key }) => jobIdOf(readLong(key))));
  }

  #scan(): void {
    const records = this.#records("__jet.records");
    for (const name of this.proxies) {
      const [, id] = /^__jet\.snapshot\.(.*)\.[01]$/.exec(name) ?? [];
      if (id !== undefined && !records.has(id)) this.contents.delete(name);
    }
    if (!this.proxies.has("__jet.records")) return;
    const executionRecords = this.proxies.has("__jet.executionRecords")
      ? this.#records("__jet.executionRecords")
      : undefined;
    for (const id of records) {
      if (this.jobs.has(id)) continue;
      if (!executionRecords?.has(id)) this.startedFromNothing.add(id);
      this.jobs.set(id, executionRecords?.has(id) ? "SUSPENDED" : "RUNNING");
    }
  }

  #maps(): ClusterMaps {
    const called = () => this.#called();
    const partition = (name: string, index: number) =>
      [...this.map(name).values()].filter(({ key }) => partitionOf(key, partitionCount) === index);
    return {
      partitionCount,
      close: () => {},
      look: async () => {
        called();
        return this.sight;
      },
      objects: async () => {
        called();
        return [...this.proxies].map((name) => ({ service: "hz:impl:mapService", name }));
      },
      size: async (name) => {
        called();
        return this.map(name).size;
      },
      forgetsEntries: async () => this.forgets,
      reader: (name) => ({
        async *partition(index) {
          called();
          const entries = partition(name, index);
          if (entries.length > 0) yield entries;
        },
      }),
      writer: (name) => ({
        add: async (entries) => {
          called();
          this.put(name, entries);
        },
        finish: async () => called(),
      }),
      makeProxy: async (name) => {
        called();
        this.proxies.add(name);
      },
      joinJobs: async () => called(),
    };
  }

  #engineJobs(): EngineJobs {
    const jobs = (): Job[] =>
      [...this.jobs]
        .filter(([id]) => !this.unlisted.has(id))
        .map(([id, status]) => ({
          id,
          name: `job ${id}`,
          status,
          light: false,
          submittedAt: 0,
          userCancelled: false,
          suspension: undefined,
          failure: undefined,
        }));
    const config = {
      name: undefined,
      guarantee: "EXACTLY_ONCE",
      snapshotIntervalMillis: 1_000,
      autoScaling: true,
      suspendOnFailure: true,
      splitBrainProtection: false,
    } as const;
    const recordOf = (id: JobId) => {
      const entry = this.map("__jet.executionRecords").get(longData(parseJobId(id)).toString("hex"));
      return { known: true, value: entry && readExecutionRecord(entry.value) } as const;
    };
    const some: Partial<EngineJobs> = {
      details: async (_, ids) => {
        this.#called();
        const details = ids.map(
          (id) => [id, { config: { known: true, value: config }, record: recordOf(id) }] as const,
        );
        return { known: true, value: new Map(details) };
      },
      list: async () => {
        this.#called();
        return { known: true, value: { clusterId: this.sight.clusterId, master: "a", jobs: jobs() } };
      },
    };
    return some as EngineJobs;
  }
}

/** The record's bytes as the engine writes them, with this snapshot. */
export function executionRecord(id: JobId, snapshotId: number, chunks: number, quorum = 0): RawEntry {
  const head = Buffer.alloc(17);
  head.writeInt32BE(-2, 4);
  head[8] = 1;
  head.writeInt32BE(-10_002, 9);
  head.writeInt32BE(11, 13);
  const long = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  };
  const int = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const stats = [int(-2), Buffer.from([1]), int(-10_002), int(30)];
  const numbers = [snapshotId, 1, 2, 100, chunks, chunks].map((value) => long(BigInt(value)));
  const value = Buffer.concat([
    head,
    ...[long(parseJobId(id)), int(0), long(BigInt(snapshotId)), long(-1n), int(quorum), long(-1n), int(0)],
    ...stats,
    ...numbers,
    ...[int(0), int(0), Buffer.from([1]), long(7n)],
  ]);
  return { key: longData(parseJobId(id)), value };
}
