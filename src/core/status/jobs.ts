import type { JetClusterStatus } from "../../api/jet-cluster.ts";
import { statusLimit } from "../../api/limits.ts";
import { activeJobs } from "../evidence/jobs.ts";
import type { JobFacts } from "../evidence/observation.ts";
import type { Assessment } from "./assessment.ts";
import { cut } from "./text.ts";

/** The active jobs as the engine lists them; while it cannot be asked, what status last said is not repeated as if it were so. */
export function jobsOf({ observation }: Assessment): Pick<JetClusterStatus, "jobs" | "jobsSummary"> {
  if (!observation.jobs?.known) return {};
  const active = activeJobs(observation);
  const running = active.filter((job) => job.status === "RUNNING").length;
  // Sorted, so that two passes over the same jobs give the same text.
  const shown = [...active].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, statusLimit.jobs);
  return { jobs: shown.map(jobStatus), jobsSummary: `${running}/${active.length}` };
}

function jobStatus(job: JobFacts): NonNullable<JetClusterStatus["jobs"]>[number] {
  return {
    id: job.id,
    ...(job.name !== undefined && { name: cut(job.name, statusLimit.name) }),
    status: job.status,
    ...(job.protected !== undefined && { protected: job.protected }),
    ...(job.quorum !== undefined && { quorum: job.quorum }),
    ...reasonOf(job),
  };
}

function reasonOf(job: JobFacts): { reason?: string } {
  if (job.status !== "SUSPENDED" || job.suspension === undefined) return {};
  return { reason: cut(job.suspension === "" ? "suspended on request" : job.suspension, statusLimit.text) };
}
