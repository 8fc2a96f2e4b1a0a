import { acceptanceNow, accepts } from "../evidence/accept.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { archives } from "../evidence/wishes.ts";
import type { Ledger } from "../ledger.ts";
import { beginRefill } from "../ledger-stop-transitions.ts";
import { enoughMembers, loweredQuorum } from "./archive-quorum.ts";
import { noJobs, versionOf } from "./archive-restore.ts";
import { archiveVolumeThere } from "./archive-volume.ts";
import { endWork, volumeFree } from "./archive-work.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, jobsKnown, safe, settled } from "./gates.ts";
import { hold, type Step } from "./step.ts";

/**
 * All members lost their memory, and somebody has accepted that the newest archive brings it back: what jobs did since it
 * was saved is done again. The members that are there are filled as by a start; undefined where nobody has accepted it.
 * Where too few are wanted for its jobs, that these need fewer is accepted instead, and this with it.
 */
export function restoreLost(observation: Observation, ledger: Ledger): Step | undefined {
  const { archive, stateLost } = ledger;
  if (!stateLost || !archive || !archives(observation)) return undefined;
  const size = observation.statefulSet?.replicas ?? 0;
  const wanted = wantedSize(observation.cluster.spec) || size;
  const lowered = loweredQuorum(observation, archive, wanted);
  if (!lowered && !accepts(observation, "restore-archive")) return undefined;
  const busy = endWork(observation, "the archive's volume is let go");
  if (busy) return busy;
  const there = [...settled, safe, jobsKnown, archiveVolumeThere, volumeFree];
  const fits = [versionOf(archive), enoughMembers(archive, wanted), noJobs];
  const unmet = firstUnmet(observation, [...there, ...fits]);
  if (unmet) return hold(unmet);
  const accepted = acceptanceNow(observation, "restore-archive");
  const next = beginRefill(ledger, size, { archive, accepted, ...lowered }, timeOf(observation));
  const says = `archive ${archive.generation} is restored into the ${size} new members, as accepted`;
  return effect(observation, { kind: "WriteLedger", ledger: next }, says);
}
