import { acceptanceNow, acceptCommand, accepts } from "../evidence/accept.ts";
import { nameOfJob } from "../evidence/jobs.ts";
import type { Observation } from "../evidence/observation.ts";
import { neededOf } from "../evidence/quorum.ts";
import type { Archive } from "../ledger.ts";
import type { Gate } from "./gates.ts";

/** What a person has accepted of a restore into fewer members than its protected jobs need. */
export interface LoweredQuorum {
  readonly accepted: string;
  /** No job needs more members than these. */
  readonly mostQuorum: number;
}

/**
 * The engine never starts a protected job with fewer members than its record says; the record is in the archive, and is
 * changed on the way into the cluster where a person has accepted that.
 */
export function enoughMembers(archive: Archive, size: number): Gate {
  return (observation) => {
    const needy = needyOf(archive, size);
    if (needy.length === 0 || accepts(observation, "lower-job-quorum")) return undefined;
    const least = oddAtLeast(Math.max(...needy.map((job) => job.quorum)));
    return {
      check: "TooFewForJobs",
      observed: `${needy.map((job) => `${nameOfJob(job)} needs ${job.quorum} members`).join(", ")}; ${size} are asked for`,
      needed: `at least ${least} members`,
      remedy: `set spec.replicas to ${least} or more; it may shrink again afterwards. Or let them need ${neededOf(size)} from now on: ${acceptCommand(observation, "lower-job-quorum")}`,
    };
  };
}

/** As for jobs that are submitted to a cluster of this size. Undefined where none needs it, or nobody has accepted it. */
export function loweredQuorum(observation: Observation, archive: Archive, size: number): LoweredQuorum | undefined {
  if (needyOf(archive, size).length === 0 || !accepts(observation, "lower-job-quorum")) return undefined;
  return { accepted: acceptanceNow(observation, "lower-job-quorum"), mostQuorum: neededOf(size) };
}

function needyOf({ jobs }: Archive, size: number): Archive["jobs"] {
  return jobs.filter((job) => job.quorum > size);
}

const oddAtLeast = (size: number) => (size % 2 === 0 ? size + 1 : size);
