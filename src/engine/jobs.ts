import { type AddressPolicy, type MemberAddress, podAddresses } from "./addresses.ts";
import { type Answer, excerpt, known, unknown } from "./answer.ts";
import { inBatches } from "./batches.ts";
import {
  type ExecutionRecord,
  type JobConfig,
  protectionChange,
  readExecutionRecord,
  readJobConfig,
} from "./job-data.ts";
import { type JobId, parseJobId } from "./job-id.ts";
import { type JobList, listJobs } from "./job-list.ts";
import { readJobMetrics } from "./job-metrics.ts";
import { type Conversation, type ConversationLimits, converse } from "./protocol/connection.ts";
import { longData, partitionOf } from "./protocol/data.ts";
import { EngineError, MalformedError, NoAnswerError } from "./protocol/errors.ts";
import {
  clusterMetadata,
  jobConfig,
  jobMetrics,
  mapGet,
  resumeJob,
  suspendJob,
  updateJobConfig,
} from "./protocol/messages.ts";
import type { ClusterState } from "./rest.ts";
import { isPlatform } from "./server-version.ts";
import { type SnapshotCheck, SnapshotWatch, spanOf } from "./snapshot-check.ts";
import { clusterStateOf } from "./states.ts";

export type { Job, JobList, JobStatus } from "./job-list.ts";

/** A member to ask, and the name of the cluster it must belong to: a member of another cluster lets nobody in. */
export interface Asked {
  readonly address: MemberAddress;
  readonly clusterName: string;
}

/** What one job's configuration and execution record say; each for itself, since one may be readable and the other not. */
export interface JobDetails {
  readonly config: Answer<JobConfig>;
  /** A known `undefined`: the engine has no record of this job (it has ended, or its record is lost). */
  readonly record: Answer<ExecutionRecord | undefined>;
}

interface ClusterMetadata {
  readonly clusterId: string;
  readonly state: ClusterState;
  readonly memberVersion: string;
}

/**
 * Jobs of a cluster, by the engine's client protocol. Any member may be asked: it passes questions on to the master or to
 * a partition's owner. No method throws and none takes longer than its deadline; each opens one short connection, and
 * nothing is kept between questions. Suspend and resume are only *asked for*: their effect shows in a later list.
 */
export interface EngineJobs {
  /**
   * All jobs the cluster knows of, ended ones included as long as the engine remembers them. One empty list proves
   * nothing: right after a master's death the engine may answer none without an error. Compare two lists of the same
   * `clusterId` and `master`.
   */
  list(asked: Asked, signal: AbortSignal): Promise<Answer<JobList>>;
  /** Configuration and execution record of several jobs, on one connection. */
  details(asked: Asked, ids: readonly JobId[], signal: AbortSignal): Promise<Answer<ReadonlyMap<JobId, JobDetails>>>;
  /** Asks a RUNNING job to take a last snapshot and suspend; refused in any other status. */
  suspend(asked: Asked, id: JobId, signal: AbortSignal): Promise<Answer<"Asked">>;
  /**
   * Asks a SUSPENDED job to go on. In any other status the engine says yes and does nothing: a resume sent while the
   * suspension is still on its way is lost, so wait for SUSPENDED first.
   */
  resume(asked: Asked, id: JobId, signal: AbortSignal): Promise<Answer<"Asked">>;
  /**
   * Switches a SUSPENDED job's split-brain protection, and answers with the configuration it has then. Off and on again
   * sets its quorum from the current number of members. From 5.3 on.
   */
  setProtection(asked: Asked, id: JobId, protection: "On" | "Off", signal: AbortSignal): Promise<Answer<JobConfig>>;
  metadata(asked: Asked, signal: AbortSignal): Promise<Answer<ClusterMetadata>>;
  /**
   * Watches a RUNNING job's snapshots, and compares what was emitted with what was stored of those that lie between two
   * counts. Needs about one snapshot interval more than there are snapshots and two rounds of the engine's metrics (5 s
   * each by default); keeps one connection for as long. What it says holds for the snapshots it names only.
   */
  checkSnapshot(asked: Asked, id: JobId, watch: Watch, signal: AbortSignal): Promise<Answer<SnapshotCheck>>;
}

/** How long a job's snapshots are watched: until this happens first. */
export interface Watch {
  /** So many snapshots in a row were compared, or fewer of which entries were lost. */
  readonly snapshots: number;
  /** Then what was compared by now is the answer. */
  readonly watchMillis: number;
}

export interface EngineJobsOptions {
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
  readonly limits?: Partial<ConversationLimits>;
}

const defaultLimits: ConversationLimits = {
  connectMillis: 3_000,
  totalMillis: 10_000,
  // Some 25,000 jobs, ended ones included. The engine forgets ended ones beyond a thousand.
  receivedBytes: 4 * 1024 * 1024,
};

/** Metrics of a large job, once a second. */
const watchBytes = 64 * 1024 * 1024;

export function createEngineJobs(options: EngineJobsOptions = {}): EngineJobs {
  const limits = { ...defaultLimits, ...options.limits };
  const ask = asker(options.addresses ?? podAddresses(), limits);
  return {
    list: (asked, signal) => ask(asked, signal, listJobs),
    details: (asked, ids, signal) => ask(asked, signal, (talk) => detailsOf(talk, ids)),
    suspend: (asked, id, signal) =>
      ask(asked, signal, async (talk) => {
        await talk.ask(suspendJob(parseJobId(id), isPlatform(talk.peer.serverVersion)));
        return "Asked" as const;
      }),
    resume: (asked, id, signal) =>
      ask(asked, signal, async (talk) => {
        await talk.ask(resumeJob(parseJobId(id)));
        return "Asked" as const;
      }),
    setProtection: (asked, id, protection, signal) =>
      ask(asked, signal, async (talk) =>
        readJobConfig(await talk.ask(updateJobConfig(parseJobId(id), protectionChange(protection === "On")))),
      ),
    metadata: (asked, signal) => ask(asked, signal, metadataOf),
    checkSnapshot: (asked, id, { snapshots, watchMillis }, signal) => {
      const until = performance.now() + watchMillis;
      const watch = (talk: Conversation) => checkSnapshot(talk, parseJobId(id), snapshots, until);
      return ask(asked, signal, watch, { totalMillis: watchMillis + limits.totalMillis, receivedBytes: watchBytes });
    },
  };
}

export type Asker = <T>(
  asked: Asked,
  signal: AbortSignal,
  talk: (with_: Conversation) => Promise<T>,
  bounds?: Partial<ConversationLimits>,
) => Promise<Answer<T>>;

/** Asks on a connection of its own, and gives what went wrong as an unknown answer. */
export function asker(addresses: AddressPolicy, limits: ConversationLimits): Asker {
  return async (asked, signal, talk, bounds = {}) => {
    const refusal = addresses.refusal(asked.address);
    if (refusal) return unknown("Refused", `${refusal} is never asked`);
    return settle(() => converse({ ...asked, limits: { ...limits, ...bounds }, signal }, talk));
  };
}

/** Runs a question and turns the ways it can fail into unknown answers; anything else is a mistake of ours and is thrown. */
async function settle<T>(question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return known(await question());
  } catch (error) {
    if (error instanceof NoAnswerError) return unknown("NoAnswer", error.message);
    if (error instanceof MalformedError) return unknown("Malformed", error.message);
    if (error instanceof EngineError) return unknown("Refused", `${error.kind}: ${excerpt(error.message)}`);
    throw error;
  }
}

async function detailsOf(talk: Conversation, ids: readonly JobId[]): Promise<ReadonlyMap<JobId, JobDetails>> {
  return new Map(await inBatches(ids, async (id) => [id, await detailsOfOne(talk, parseJobId(id))] as const));
}

async function detailsOfOne(talk: Conversation, id: bigint): Promise<JobDetails> {
  const [config, record] = await Promise.all([
    settle(async () => readJobConfig(await talk.ask(jobConfig(id, isPlatform(talk.peer.serverVersion))))),
    settle(() => recordOf(talk, id)),
  ]);
  return { config, record };
}

/** Read raw from the engine's own map; going through a proxy would create it, which PASSIVE forbids. */
async function recordOf(talk: Conversation, id: bigint): Promise<ExecutionRecord | undefined> {
  const key = longData(id);
  const data = await talk.ask(mapGet("__jet.executionRecords", key, partitionOf(key, talk.peer.partitionCount)));
  return data && readExecutionRecord(data);
}

async function metadataOf(talk: Conversation): Promise<ClusterMetadata> {
  const { state, memberVersion } = await talk.ask(clusterMetadata);
  return { clusterId: talk.peer.clusterId, state: clusterStateOf(state), memberVersion };
}

/** The record is looked at so often at least, and so many times in a watch at most: snapshots far apart need few looks. */
const recordMillis = 200;
const looks = 400;
const metricsEvery = 5;

/** Looks at the record often, to see every snapshot, and at the metrics, which change every few seconds, less often. */
async function checkSnapshot(talk: Conversation, id: bigint, snapshots: number, until: number): Promise<SnapshotCheck> {
  let found: SnapshotCheck | undefined;
  const watch = new SnapshotWatch();
  const pauseMillis = Math.max(recordMillis, (until - performance.now()) / looks);
  for (let round = 0; performance.now() < until; round++) {
    if (round % metricsEvery === 0) watch.sawMetrics(readJobMetrics(await talk.ask(jobMetrics(id))));
    const stats = (await recordOf(talk, id))?.snapshot?.stats;
    if (stats) watch.sawSnapshot(stats);
    found = watch.result() ?? found;
    if (found && (spanOf(found) >= snapshots || found.stored !== found.emitted)) return found;
    await talk.pause(pauseMillis);
  }
  if (found) return found;
  throw new NoAnswerError("no snapshot between two counts in the time given");
}
