import { activeJobs, nameOfJob } from "../evidence/jobs.ts";
import type { JobFacts } from "../evidence/observation.ts";
import type { Assessment, Verdict } from "./assessment.ts";

const type = "JobsHealthy";

/** Every active job runs, or was suspended on somebody's request. */
export function jobsHealthy({ observation, ledger }: Assessment): Verdict {
  if (ledger?.stateLost) {
    const lost = ledger.stateLost.jobs.join(", ");
    return { type, status: "False", reason: "StateLost", message: `Jobs lost with all members: ${lost || "unknown"}.` };
  }
  if (!observation.jobs?.known) {
    const reason = observation.jobs?.reason ?? "not asked while no member has joined";
    return { type, status: "Unknown", reason: "JobsUnknown", message: `The jobs are not known: ${reason}.` };
  }
  const ill = activeJobs(observation).flatMap((job) => (ailmentOf(job) ? [`${nameOfJob(job)} ${ailmentOf(job)}`] : []));
  if (ill.length > 0) return { type, status: "False", reason: "JobsNotRunning", message: `${ill.join("; ")}.` };
  return { type, status: "True", reason: "JobsRunning", message: "Every active job runs or is suspended on request." };
}

function ailmentOf(job: JobFacts): string | undefined {
  switch (job.status) {
    case "NOT_RUNNING":
      return job.quorum ? `is not running (it needs ${job.quorum} members)` : "is not running";
    case "SUSPENDED":
      return job.suspension ? `was suspended by the engine: ${job.suspension}` : undefined;
    case "UNKNOWN":
      return "has a status that this operator does not know";
    default:
      return undefined;
  }
}
