import type { AddressPolicy, MemberAddress } from "../engine/addresses.ts";
import type { Answer } from "../engine/answer.ts";
import { createEngineJobs, type EngineJobs, type Job } from "../engine/jobs.ts";
import type { CopyLimits } from "../engine/maps/limits.ts";
import { type ClusterMaps, openClusterMaps } from "../engine/maps.ts";

/** The cluster that is copied from or to. */
export interface ClusterAccess {
  readonly clusterName: string;
  /** Every member, whichever holds data. */
  readonly members: readonly MemberAddress[];
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
  readonly limits?: Partial<CopyLimits>;
}

/** A cluster that we are connected to. */
export interface OpenCluster extends Disposable {
  readonly access: ClusterAccess;
  readonly maps: ClusterMaps;
  readonly jobs: EngineJobs;
  readonly signal: AbortSignal;
}

/** @throws ClusterNotWholeError, EngineError, MalformedError, NoAnswerError */
export async function openCluster(access: ClusterAccess, signal: AbortSignal): Promise<OpenCluster> {
  const maps = await openClusterMaps({ ...access, signal });
  const jobs = createEngineJobs(access.addresses ? { addresses: access.addresses } : {});
  return { access, maps, jobs, signal, [Symbol.dispose]: () => maps.close() };
}

/** Jobs that have not ended, as the first member lists them. @throws when no list was had */
export async function liveJobs({ access, jobs, signal }: OpenCluster): Promise<readonly Job[]> {
  const [address] = access.members;
  if (!address) throw new RangeError("no member is named; at least one is needed");
  const { jobs: listed } = told(await jobs.list({ address, clusterName: access.clusterName }, signal), "list of jobs");
  return listed.filter(({ status }) => status !== "FAILED" && status !== "COMPLETED");
}

/** @throws for an answer that is unknown */
export function told<T>(answer: Answer<T>, what: string): T {
  if (!answer.known) throw new Error(`${what}: ${answer.reason}`);
  return answer.value;
}
