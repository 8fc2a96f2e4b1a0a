import type { JobFacts, Observation } from "./observation.ts";
import { neededOf } from "./quorum.ts";

/** Jobs that have not ended. A job that is COMPLETING may be one that is being suspended: it counts. */
export function activeJobs({ jobs }: Pick<Observation, "jobs">): JobFacts[] {
  if (!jobs?.known) return [];
  return jobs.jobs.filter((job) => job.status !== "COMPLETED" && job.status !== "FAILED");
}

/**
 * The engine found a job's snapshot incomplete when it was to start from it. Its words, at the beginning of which are
 * "State for job 'x'", or "snapshot "x" … is damaged" (seen on real engines).
 */
export function isDamaged({ status, suspension, failure }: JobFacts): boolean {
  const words = status === "SUSPENDED" ? suspension : status === "FAILED" ? failure : undefined;
  return words !== undefined && /State for job|is corrupted|is damaged/.test(words);
}

export function jobOf(observation: Observation, id: string): JobFacts | undefined {
  return observation.jobs?.known ? observation.jobs.jobs.find((job) => job.id === id) : undefined;
}

/**
 * Protected jobs that would not start again with `size` members: the engine's quorum is a ratchet, it keeps the largest
 * number of members that the job ever saw, and stepping down slowly does not help (seen on real engines).
 */
export function strandedAt(observation: Observation, size: number): JobFacts[] {
  return activeJobs(observation).filter((job) => (job.quorum ?? 0) > size);
}

/** Protected jobs whose quorum, after a shrink to `size`, would be more than a majority: they tolerate less. */
export function stricterThan(observation: Observation, size: number): JobFacts[] {
  return activeJobs(observation).filter((job) => (job.quorum ?? 0) > neededOf(size));
}

/** `orders (0123-4567)`, or the id of a job without a name. */
export function nameOfJob(job: { readonly id: string; readonly name?: string | undefined }): string {
  return job.name ? `${job.name} (${job.id})` : job.id;
}
