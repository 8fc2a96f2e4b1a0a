import { stateKept } from "../plan/state-kept.ts";
import { type Assessment, explain, type Verdict } from "./assessment.ts";

/** All members were replaced at once without a stop of ours: what jobs kept in memory is gone. */
export function stateLost(a: Assessment): Verdict {
  const type = "StateLost";
  const unmet = stateKept(a.observation);
  if (unmet) return { type, status: "True", reason: "MembersReplaced", message: explain(unmet) };
  return { type, status: "False", reason: "StateKept", message: "No loss of the members' memory is known." };
}
