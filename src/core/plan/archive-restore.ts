import { progressText } from "../evidence/archive-progress.ts";
import { activeJobs, jobOf, nameOfJob } from "../evidence/jobs.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import type { Archive, Ledger, LedgerOperation } from "../ledger.ts";
import { beginReleasing, beginRestore, fillMembers, loseRestored } from "../ledger-stop-transitions.ts";
import { enter, finish } from "../ledger-transitions.ts";
import { enoughMembers, loweredQuorum } from "./archive-quorum.ts";
import { archiveVolumeThere } from "./archive-volume.ts";
import { endWork, mayRetry, preparing, startWork, volumeFree, type Work, workOf } from "./archive-work.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, type Gate, jobsKnown, safe, settled } from "./gates.ts";
import { identityNow } from "./members.ts";
import { hold, type Step, type Unmet, wait } from "./step.ts";
import { letJobsGoOn } from "./suspend-jobs.ts";

/** A stopped cluster whose state is in an archive: it begins empty, at any size its jobs can start with, and is filled. */
export function startFromArchive(observation: Observation, ledger: Ledger, archive: Archive): Step {
  const size = wantedSize(observation.cluster.spec);
  const busy = endWork(observation, "the archive's volume is let go");
  if (busy) return busy;
  const unmet = firstUnmet(observation, [archiveVolumeThere, volumeFree, enoughMembers(archive, size)]);
  if (unmet) return hold(unmet);
  const lowered = loweredQuorum(observation, archive, size);
  const next = beginRestore(ledger, size, { archive, ...lowered }, timeOf(observation));
  const fewer = lowered ? `; no job of it needs more than ${lowered.mostQuorum} any more, as accepted` : "";
  const says = `starting ${size} members, to restore archive ${archive.generation} into them${fewer}`;
  return effect(observation, { kind: "Scale", from: 0, to: size, ledger: next }, says);
}

/** Major and minor version, to which job records are bound. */
export const lineOf = (version: string): string => version.split(".").slice(0, 2).join(".");

/** Job records are bound to the minor version: "the cluster was upgraded since the job was submitted". */
export function versionOf({ version, generation }: Archive): Gate {
  return ({ engine }) =>
    lineOf(engine.version) === lineOf(version)
      ? undefined
      : {
          check: "ArchiveOfOtherVersion",
          observed: `archive ${generation} was written by ${version}; the spec asks for ${engine.version}`,
          needed: `an engine of the ${lineOf(version)} line`,
          remedy: `set spec.version to ${version}; jobs saved by one minor version cannot go on in another`,
        };
}

const restoring = ({ generation, nonce, digest }: Archive, { to, mostQuorum }: LedgerOperation): Work => ({
  does: "restore",
  size: to,
  ...{ generation, nonce, digest },
  ...(mostQuorum !== undefined && { mostQuorum }),
});

/** The members are one whole view. @param archive the one that the ledger names. */
export function continueRestore(
  observation: Observation,
  ledger: Ledger,
  operation: LedgerOperation,
  archive: Archive,
): Step {
  const unmet = firstUnmet(observation, [...settled, safe, jobsKnown]);
  if (unmet) return hold(unmet);
  switch (operation.step) {
    case "Loading":
      return load(observation, ledger, operation, archive);
    case "Loaded":
      return release(observation, ledger, operation, archive);
    case "Releasing":
      if (othersThere(observation, ledger) && nobodyHasGoneOn(observation, operation)) return fill(observation, ledger);
      if (isAnotherCluster(observation, ledger)) return allLost(observation, ledger, archive);
      return letJobsGoOn(observation, ledger, () => end(observation, ledger, operation, archive));
    default:
      return beginLoading(observation, ledger, archive);
  }
}

function beginLoading(observation: Observation, ledger: Ledger, archive: Archive): Step {
  const foreign = firstUnmet(observation, [noJobs]);
  if (foreign) return hold(foreign);
  return fill(observation, ledger, `all members are there and hold nothing: archive ${archive.generation} is loaded`);
}

/** Who is filled is written down: whoever comes later holds nothing, and takes the place of one that may have held it alone. */
function fill(observation: Observation, ledger: Ledger, says = "loaded again: other members are there"): Step {
  const next = fillMembers(ledger, identityNow(observation), timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, says);
}

function othersThere(observation: Observation, { members = [] }: Ledger): boolean {
  return identityNow(observation).members.join() !== [...members].sort().join();
}

/**
 * Jobs go on one after the other, so the first of them tells: to fill the cluster once more throws nobody back. One without
 * auto-scaling tells nothing: the engine suspends it itself where members are lost.
 */
function nobodyHasGoneOn(observation: Observation, { jobs = [] }: LedgerOperation): boolean {
  const [first] = jobs;
  const facts = first && jobOf(observation, first.id);
  if (!first) return true;
  return facts?.status === "SUSPENDED" && !facts.suspension && facts.autoScaling === true;
}

function isAnotherCluster(observation: Observation, { clusterId: filled }: Ledger): boolean {
  const { clusterId } = identityNow(observation);
  return clusterId !== undefined && filled !== undefined && clusterId !== filled;
}

/** To go back to the archive would do again what jobs did since: that is for a person to accept. */
function allLost(observation: Observation, ledger: Ledger, { generation, jobs }: Archive): Step {
  const loss = { ...identityNow(observation), jobs: jobs.map(nameOfJob) };
  const next = loseRestored(ledger, loss, timeOf(observation));
  const says = `every member is new: what archive ${generation} had brought back is lost, and jobs may have gone on from it`;
  return effect(observation, { kind: "WriteLedger", ledger: next }, says);
}

/** A restore gives a cluster its jobs; others would be mixed up with them. */
export const noJobs: Gate = (observation) => {
  const there = activeJobs(observation).map(nameOfJob);
  if (there.length === 0) return undefined;
  return {
    check: "ForeignJobs",
    observed: `${there.join(", ")} in a cluster that is to be restored into`,
    needed: "a cluster without jobs, to restore into",
    remedy: "cancel these jobs, which somebody submitted since it began; the archive stays as it is",
  };
};

/** Idempotent: the Job writes the same entries again after any crash, also into a cluster that began anew meanwhile. */
function load(observation: Observation, ledger: Ledger, operation: LedgerOperation, archive: Archive): Step {
  if (othersThere(observation, ledger))
    return endWork(observation, "loaded again: other members are there") ?? fill(observation, ledger);
  const task = restoring(archive, operation);
  const work = workOf(observation, task);
  if (!work) return startWork(observation, task, "the Job that restores is started");
  if (work.phase === "Failed") {
    if (mayRetry(observation, work))
      return endWork(observation, "the restore is tried again") ?? wait(preparing(observation));
    return hold(restoreFailed(work.trouble, archive));
  }
  if (work.phase !== "Succeeded") return hold(work.phase === "Ready" ? loading(observation) : preparing(observation));
  const lacking = listedAs(observation, archive);
  if (lacking) return endWork(observation, `loaded again: ${lacking.observed}`) ?? wait(lacking);
  const next = enter(ledger, "Loaded", timeOf(observation));
  return effect(
    observation,
    { kind: "WriteLedger", ledger: next },
    "all of the archive is in the cluster, nothing runs yet",
  );
}

function loading({ archiveProgress }: Observation): Unmet {
  return {
    check: "Restoring",
    observed: progressText(archiveProgress) ?? "entries are written",
    needed: "all of the archive in the cluster",
    remedy: "wait: it takes as long as the volume and the members need for the state of all jobs and maps",
  };
}

function restoreFailed(says: string | undefined, archive: Archive): Unmet {
  return {
    check: "RestoreFailed",
    observed: says ?? "the Job that restores failed",
    needed: `archive ${archive.generation} in the cluster`,
    remedy:
      "it is tried again every minute and the archive stays as it is; look at the Job's log and mend what it names; where clients have written meanwhile, set suspend: true and then false: the cluster starts again with nothing in it",
  };
}

/** Exactly the archive's jobs, all suspended: a list from before a crash of the members would be another. */
function listedAs(observation: Observation, { jobs }: Archive): Unmet | undefined {
  const there = activeJobs(observation);
  const wrong = [
    ...jobs.filter(({ id }) => !there.some((job) => job.id === id)).map((job) => `${nameOfJob(job)} is not there`),
    ...there
      .filter(({ id }) => !jobs.some((job) => job.id === id))
      .map((job) => `${nameOfJob(job)} is not the archive's`),
    ...there.filter(({ status }) => status !== "SUSPENDED").map((job) => `${nameOfJob(job)} is ${job.status}`),
  ];
  if (wrong.length === 0) return undefined;
  return {
    check: "RestoreIncomplete",
    observed: wrong.join("; "),
    needed: "exactly the archive's jobs, all suspended",
    remedy: "wait: the archive is loaded again",
  };
}

/** The gate of the seed: jobs go on only where there are more than half of what there was. */
function release(observation: Observation, ledger: Ledger, operation: LedgerOperation, archive: Archive): Step {
  const over = endWork(observation, "the archive's volume is let go");
  if (over) return over;
  const lacking = listedAs(observation, archive);
  if (lacking) return fill(observation, ledger, `loaded again: ${lacking.observed}`);
  if (othersThere(observation, ledger)) return fill(observation, ledger);
  const busy = firstUnmet(observation, [volumeFree]);
  if (busy) return wait(busy);
  const next = beginReleasing(ledger, identityNow(observation), timeOf(observation));
  const ran = operation.jobs?.length ?? 0;
  return effect(
    observation,
    { kind: "WriteLedger", ledger: next },
    `${ran} jobs that ran go on; the others stay suspended`,
  );
}

function end(observation: Observation, ledger: Ledger, { to }: LedgerOperation, archive: Archive): Step {
  const next = finish(ledger, to, timeOf(observation));
  const says = `started: ${to} members with all of archive ${archive.generation}`;
  return effect(observation, { kind: "WriteLedger", ledger: next }, says);
}
