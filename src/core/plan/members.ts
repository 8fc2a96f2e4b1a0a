import { accepts } from "../evidence/accept.ts";
import { nameOfJob } from "../evidence/jobs.ts";
import type { Observation } from "../evidence/observation.ts";
import { singleView, viewsOf } from "../evidence/views.ts";
import type { Ledger } from "../ledger.ts";
import { acceptLoss, recordLoss, rememberMembers } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import type { Step } from "./step.ts";

/**
 * Keeps in mind who the members are; the caller has seen them settled and safe. None of the last whole view left, and no
 * stop of ours in between: another cluster answers, which has the same name and none of the jobs' state.
 */
export function watchIdentity(observation: Observation, ledger: Ledger): Step | undefined {
  if (ledger.stateLost && accepts(observation, "lose-data")) {
    return effect(
      observation,
      { kind: "WriteLedger", ledger: acceptLoss(ledger) },
      "the loss of state has been taken note of",
    );
  }
  const now = (singleView(viewsOf(observation))?.members ?? []).map((member) => member.uuid).sort();
  const before = ledger.members;
  if (before && now.join() === [...before].sort().join()) return undefined;
  if (before && before.length > 0 && !now.some((uuid) => before.includes(uuid))) {
    const jobs = jobsBefore(observation);
    const next = recordLoss(ledger, { members: now, jobs }, timeOf(observation));
    return effect(observation, { kind: "WriteLedger", ledger: next }, "every member is new: the jobs' state is lost");
  }
  return effect(observation, { kind: "WriteLedger", ledger: rememberMembers(ledger, now) }, "the members have changed");
}

/** The jobs that status last told of: the engine itself knows them no more. */
function jobsBefore({ cluster }: Observation): string[] {
  return (cluster.status?.jobs ?? []).map((job) => nameOfJob({ id: job.id, name: job.name }));
}
