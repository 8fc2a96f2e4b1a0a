import type { JetClusterStatus } from "../../api/jet-cluster.ts";
import { statusLimit } from "../../api/limits.ts";
import { activeJobs, jobOf } from "../evidence/jobs.ts";
import type { JobFacts } from "../evidence/observation.ts";
import { type MissingJob, missingJobs, vanished } from "../plan/vanished.ts";
import type { Assessment } from "./assessment.ts";
import { cut } from "./text.ts";

/**
 * The active jobs as the engine lists them. While it cannot be asked, or another cluster of this name answers, those that
 * status last told of stay by name: after a total loss that is all that is still known of them.
 */
export function jobsOf(a: Assessment): Pick<JetClusterStatus, "jobs" | "jobsSummary"> {
  const { observation } = a;
  if (!isOfThisCluster(a)) return lastToldOf(a);
  const active = activeJobs(observation);
  const running = active.filter((job) => job.status === "RUNNING").length;
  // Sorted, so that two passes over the same jobs give the same text.
  const shown = [...active.map(jobStatus), ...goneOf(a)].sort((x, y) => (x.id < y.id ? -1 : 1));
  return { jobs: shown.slice(0, statusLimit.jobs), jobsSummary: `${running}/${active.length}` };
}

type ShownJob = NonNullable<JetClusterStatus["jobs"]>[number];

/** No job that was told of goes from here without having ended: it stays until the ledger has it, and as long as that has. */
function goneOf({ observation, ledger, cluster }: Assessment): ShownJob[] {
  // Nothing is noted of them any more: they are told of as ever, so that the ledger that is written again notes them.
  if (!ledger) return (cluster.status?.jobs ?? []).filter(({ id }) => !jobOf(observation, id)).map(unheard);
  const noted = ledger.jobs?.vanished ?? [];
  const missing = missingJobs(observation, ledger).filter((job) => !noted.some((each) => each.id === job.id));
  const unlisted = "the engine does not list it any more, and not as ended";
  const shown =
    (status: string) =>
    ({ id, name, cause = unlisted }: MissingJob) => ({
      id,
      ...(name !== undefined && { name: cut(name, statusLimit.name) }),
      status,
      reason: cut(cause, statusLimit.text),
    });
  return [...noted.map(shown(vanished)), ...missing.map(shown("UNKNOWN"))];
}

/** Another cluster id is a loss about to be recorded, or about to be found to be none. */
function isOfThisCluster({ observation: { jobs }, ledger }: Assessment): boolean {
  if (!jobs?.known) return false;
  return jobs.clusterId === undefined || ledger?.clusterId === undefined || jobs.clusterId === ledger.clusterId;
}

function lastToldOf({ cluster, observation, ledger }: Assessment): Pick<JetClusterStatus, "jobs"> {
  const { jobs } = cluster.status ?? {};
  if (!jobs || !observation.statefulSet?.replicas) return {};
  return { jobs: jobs.map((job) => (ledger && job.status === vanished ? job : unheard(job))) };
}

function unheard({ reason: _, snapshot: __, ...job }: ShownJob): ShownJob {
  return { ...job, status: "UNKNOWN" };
}

function jobStatus(job: JobFacts): ShownJob {
  return {
    id: job.id,
    ...(job.name !== undefined && { name: cut(job.name, statusLimit.name) }),
    status: job.status,
    ...(job.protected !== undefined && { protected: job.protected }),
    ...(job.quorum !== undefined && { quorum: job.quorum }),
    ...reasonOf(job),
    ...snapshotOf(job),
  };
}

/** Without the numbers where all is well: they change with each comparison. Of a job that stands only a loss is of interest. */
function snapshotOf({ completeness, status }: JobFacts): Pick<ShownJob, "snapshot"> {
  if (completeness.kind === "Small" || (status !== "RUNNING" && completeness.kind !== "Incomplete")) return {};
  const { kind: state } = completeness;
  if (completeness.kind !== "Incomplete") return { snapshot: { state } };
  return { snapshot: { state, emitted: completeness.emitted, stored: completeness.stored } };
}

function reasonOf(job: JobFacts): { reason?: string } {
  if (job.status !== "SUSPENDED" || job.suspension === undefined) return {};
  return { reason: cut(job.suspension === "" ? "suspended on request" : job.suspension, statusLimit.text) };
}
