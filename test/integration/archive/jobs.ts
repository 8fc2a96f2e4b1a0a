import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import type { Answer } from "../../../src/engine/answer.ts";
import { createEngineJobs, type Job, type JobStatus } from "../../../src/engine/jobs.ts";
import { createEngineRest } from "../../../src/engine/rest.ts";
import { eventually } from "../engine/eventually.ts";
import { clusterName, type TestCluster } from "../engine/members.ts";

const addresses = podOrLoopbackAddresses();
const jobs = createEngineJobs({ addresses });
const rest = createEngineRest({ addresses });
const signal = new AbortController().signal;

function told<T>(answer: Answer<T>): T {
  if (!answer.known) throw new Error(answer.reason);
  return answer.value;
}

/** What a test does with the jobs of one cluster, by its last member: the first one may have been killed. */
export interface ClusterJobs {
  list(): Promise<readonly Job[]>;
  /** Name and status of each job. */
  statuses(): Promise<Record<string, JobStatus>>;
  reaches(name: string, status: JobStatus): Promise<void>;
  suspend(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  changeState(to: "ACTIVE" | "PASSIVE"): Promise<void>;
  /** Every member is there and says that its partitions are safe. */
  safe(size: number): Promise<void>;
}

export function jobsOf(cluster: TestCluster): ClusterJobs {
  const asked = () => ({ address: cluster.members.at(-1)!.address, clusterName });
  const list = async () => told(await jobs.list(asked(), signal)).jobs;
  const statuses = async () => Object.fromEntries((await list()).map(({ name = "", status }) => [name, status]));
  const idOf = async (name: string) => {
    const job = (await list()).find((each) => each.name === name);
    if (!job) throw new Error(`no job ${name}`);
    return job.id;
  };
  const reaches = async (name: string, status: JobStatus) => {
    await eventually(statuses, (now) => now[name] === status);
  };
  return {
    list,
    statuses,
    reaches,
    async suspend(name) {
      told(await jobs.suspend(asked(), await idOf(name), signal));
      await reaches(name, "SUSPENDED");
    },
    async resume(name) {
      told(await jobs.resume(asked(), await idOf(name), signal));
      await reaches(name, "RUNNING");
    },
    async changeState(to) {
      const change = { clusterName, to, deadlineMillis: 120_000 };
      told(await rest.changeState(asked().address, change, signal));
    },
    async safe(size) {
      for (const { address } of cluster.members.slice(-size)) {
        await eventually(
          () => rest.health(address, signal),
          (health) => health.known && health.value.clusterSafe && health.value.clusterSize === size,
        );
      }
    },
  };
}

/** What the sample job has written of each of its keys. */
export interface Counted {
  readonly number: number;
  readonly right: boolean;
  readonly origin: string;
}

/** Reads the sample job's map, as Java prints it: `[0=120:13:ok:1700000000000, …]`. */
export async function counted(cluster: TestCluster, map: string): Promise<Map<string, Counted>> {
  const text = await cluster.members.at(-1)!.command(`show ${map}`);
  const entries = [...text.matchAll(/(\d+)=(\d+):(\d+):(ok|BAD):(\d+)/g)];
  return new Map(
    entries.map(([, key = "", number, , verdict, origin = ""]) => {
      return [key, { number: Number(number), right: verdict === "ok", origin }];
    }),
  );
}

/** Waits until every key has counted further than it had before, and says what it has then. */
export function countedFurther(cluster: TestCluster, map: string, before: ReadonlyMap<string, Counted>) {
  return eventually(
    () => counted(cluster, map),
    (now) => now.size >= before.size && [...now].every(([key, { number }]) => number > (before.get(key)?.number ?? -1)),
  );
}
