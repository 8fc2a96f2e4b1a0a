import { isDamaged, jobOf } from "../evidence/jobs.ts";
import type { Observation } from "../evidence/observation.ts";
import type { JobMemory, Ledger } from "../ledger.ts";
import { timeOf } from "./evidence.ts";

/** The engine keeps the results of a thousand ended jobs for a week: with nearly so many a job may have ended unseen. */
const keptResults = 900;

/** Status of a job in `status.jobs` once the ledger has it as vanished: it is told of by that, and counts as no news. */
export const vanished = "VANISHED";

/** `cause`: the engine's words for a job that ended because its snapshot is damaged. */
export interface MissingJob {
  readonly id: string;
  readonly name?: string | undefined;
  readonly cause?: string | undefined;
}

/**
 * Jobs that status last told of as active, and that the same cluster does not list any more, not even as ended: their
 * record is lost, with a partition or with the smaller side of a split (seen on real engines). The engine says nothing
 * of it. Two equal lists are behind what it says here. So are jobs that ended because their snapshot is damaged.
 */
export function missingJobs(observation: Observation, ledger: Ledger): MissingJob[] {
  const { jobs } = observation;
  const other = jobs?.known && ledger.clusterId !== undefined && jobs.clusterId !== ledger.clusterId;
  // A total loss names its jobs itself.
  if (!jobs?.known || other || ledger.stateLost || !keepsResults(observation)) return [];
  const told = observation.cluster.status?.jobs ?? [];
  return told
    .filter(({ id, status }) => status !== vanished && isGone(observation, id))
    .map(({ id, name }) => {
      const cause = jobOf(observation, id)?.failure;
      return { id, ...(name !== undefined && { name }), ...(cause !== undefined && { cause }) };
    });
}

function isGone(observation: Observation, id: string): boolean {
  const job = jobOf(observation, id);
  return job === undefined || (job.status === "FAILED" && isDamaged(job));
}

/** The caller has seen the cluster whole and safe: what is missing now does not come back by itself. */
export function vanishedNow(
  observation: Observation,
  ledger: Ledger,
  before: JobMemory["vanished"],
): JobMemory["vanished"] {
  const kept = before.filter(({ id }) => isGone(observation, id));
  const fresh = missingJobs(observation, ledger).filter(({ id }) => !before.some((job) => job.id === id));
  return [...kept, ...fresh.map((job) => ({ ...job, at: timeOf(observation) }))];
}

/** Another cluster id is a loss about to be recorded, or a cluster whose id is about to be remembered. */
export function isOfThisCluster({ jobs }: Observation, ledger: Ledger): boolean {
  return jobs?.known === true && ledger.clusterId !== undefined && jobs.clusterId === ledger.clusterId;
}

/** The engine has not been told to forget ended jobs sooner than it does by itself. */
function keepsResults({ jobs, cluster }: Observation): boolean {
  const listed = jobs?.known ? jobs.jobs : [];
  const ended = listed.filter(({ status }) => status === "COMPLETED" || status === "FAILED").length;
  const properties = Object.keys(cluster.spec.config?.properties ?? {});
  return ended < keptResults && !properties.some((name) => name.includes("job.results"));
}
