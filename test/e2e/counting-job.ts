import { expect } from "vitest";
import { clusterHost } from "../cluster/cluster.ts";
import { startClient } from "./clients.ts";
import { type JobProgress, type JobTarget, type SampleJob, submitSampleJob, waitForCount } from "./sample-job.ts";

/** The sample job on a cluster, with a client of its own that reads what it wrote. */
export interface CountingJob {
  /**
   * Waits until it has counted on from now. Fails when it began from nothing, or when any update ever was lost or repeated: a wrong
   * count never becomes right again.
   */
  goesOn(): Promise<void>;
  stop(): Promise<void>;
}

const keys = 10;
const countMillis = 300_000;

/** Submits the job and answers when it counts. */
export async function startCountingJob(target: JobTarget, job: SampleJob): Promise<CountingJob> {
  await submitSampleJob(clusterHost, target, { keys, ...job }, console.log);
  const reader = await startClient(clusterHost, {
    ...{ namespace: target.namespace, name: `${job.name}-reader`, labels: target.labels ?? {} },
    engine: { clusterName: target.clusterName, address: target.address },
  });
  const until = (count: number) => waitForCount(reader, { count, keys, timeoutMillis: countMillis });
  let progress: JobProgress;
  try {
    progress = await until(100);
  } catch (error) {
    await reader.stop();
    throw error;
  }
  expect(progress.bad).toBe(0);
  return {
    async goesOn() {
      const { count } = await until(progress.count);
      const now = await until(count + 100);
      expect({ origin: now.origin, bad: now.bad }).toEqual({ origin: progress.origin, bad: 0 });
      progress = now;
    },
    stop: () => reader.stop(),
  };
}
