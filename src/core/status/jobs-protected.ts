import { activeJobs, nameOfJob } from "../evidence/jobs.ts";
import type { Assessment, Verdict } from "./assessment.ts";

/** False names jobs without split-brain protection: in a split the engine runs them on both sides. */
export function jobsProtected({ observation }: Assessment): Verdict {
  const type = "JobsProtected";
  if (!observation.jobs?.known) {
    return { type, status: "Unknown", reason: "JobsUnknown", message: "The jobs are not known." };
  }
  const open = activeJobs(observation).filter((job) => job.protected === false);
  if (open.length === 0) {
    return { type, status: "True", reason: "AllProtected", message: "No active job lacks split-brain protection." };
  }
  const names = open.map(nameOfJob).sort().join(", ");
  return {
    type,
    status: "False",
    reason: "JobsUnprotected",
    message: `In a split these jobs run on both sides: ${names}. Set splitBrainProtection in their configuration.`,
  };
}
