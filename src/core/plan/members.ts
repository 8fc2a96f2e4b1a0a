import { acceptanceNow, accepts } from "../evidence/accept.ts";
import { nameOfJob } from "../evidence/jobs.ts";
import type { Observation } from "../evidence/observation.ts";
import { singleView, viewsOf } from "../evidence/views.ts";
import type { Ledger } from "../ledger.ts";
import { acceptLoss, type Identity, recordLoss, rememberIdentity } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, jobsKnown } from "./gates.ts";
import { hold, type Step } from "./step.ts";

/**
 * Keeps in mind who the cluster is; the caller has seen it settled and safe. None of the last whole view left, another
 * cluster id, and no stop of ours in between: a cluster of the same name that has none of the jobs' state. Members alone
 * prove nothing: each may have been replaced in its turn while nobody looked.
 */
export function watchIdentity(observation: Observation, ledger: Ledger): Step | undefined {
  if (ledger.stateLost && accepts(observation, "lose-data")) {
    return effect(
      observation,
      { kind: "WriteLedger", ledger: acceptLoss(ledger, acceptanceNow(observation, "lose-data")) },
      "the loss of state has been taken note of",
    );
  }
  const now = identityNow(observation);
  const { clusterId } = now;
  const sameMembers = now.members.join() === [...(ledger.members ?? [])].sort().join();
  if (sameMembers && (clusterId === undefined || clusterId === ledger.clusterId)) return undefined;
  const survivors = now.members.some((uuid) => ledger.members?.includes(uuid));
  // A cluster whose id was never heard is one of whose jobs nobody ever heard: nothing is known to be lost. Where the
  // ledger was lost the members are not known, but status has kept the id.
  if (survivors || ledger.clusterId === undefined) return remember(observation, ledger, now);
  const unheard = firstUnmet(observation, [jobsKnown]);
  if (unheard) return hold(unheard);
  if (clusterId !== undefined && clusterId === ledger.clusterId) return remember(observation, ledger, now);
  const next = recordLoss(ledger, { ...now, jobs: jobsBefore(observation, ledger) }, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "every member is new: the jobs' state is lost");
}

/** Who the cluster is by this look; nobody where the members are not one view. */
export function identityNow(observation: Observation): Identity {
  const view = singleView(viewsOf(observation))?.members ?? [];
  const clusterId = observation.jobs?.known ? observation.jobs.clusterId : undefined;
  return { members: view.map((member) => member.uuid).sort(), clusterId };
}

function remember(observation: Observation, ledger: Ledger, now: Identity): Step {
  const next = rememberIdentity(ledger, now);
  return effect(observation, { kind: "WriteLedger", ledger: next }, "the members have changed");
}

/**
 * The jobs that status last told of: the engine itself knows them no more. Where the loss came while a restore let them go
 * on, it may have told of none.
 */
function jobsBefore({ cluster }: Observation, { archive, lastOperation }: Ledger): string[] {
  const told = cluster.status?.jobs ?? [];
  const restored = lastOperation?.kind === "Start" ? (archive?.jobs ?? []) : [];
  return (told.length > 0 ? told : restored).map((job) => nameOfJob({ id: job.id, name: job.name }));
}
