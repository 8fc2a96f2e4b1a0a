import { acceptanceNow, accepts } from "../evidence/accept.ts";
import type { Observation } from "../evidence/observation.ts";
import { wantsNobody, wantsRestart } from "../evidence/wishes.ts";
import type { Ledger } from "../ledger.ts";
import { takeNoteOfJobs } from "../ledger-transitions.ts";
import { effect } from "./evidence.ts";
import { keepJobMemory } from "./job-memory.ts";
import { suspendSmallerSides } from "./smaller-side.ts";
import type { Step } from "./step.ts";

/** Operations in which jobs go on running; in all others the whole cluster stops, or has not worked yet. */
const atWork: readonly string[] = ["Grow", "Shrink", "Roll"];

/** What is done about jobs whatever else is under way: a split does not wait for the end of an operation that it holds up. */
export function watchJobs(observation: Observation, ledger: Ledger): Step | undefined {
  const { operation, formedSize, stopped, stateLost } = ledger;
  if (formedSize === undefined || stopped || stateLost || (operation && !atWork.includes(operation.kind)))
    return undefined;
  return (
    suspendSmallerSides(observation, ledger) ?? takeNote(observation, ledger) ?? keepJobMemory(observation, ledger)
  );
}

/** An acceptance that a stop is asked for with is the stop's. */
function takeNote(observation: Observation, ledger: Ledger): Step | undefined {
  const { waiting = [], vanished = [] } = ledger.jobs ?? {};
  if (vanished.length === 0 && waiting.every((job) => job.snapshots.length > 0)) return undefined;
  if (wantsNobody(observation) || wantsRestart(observation) || !accepts(observation, "lose-data")) return undefined;
  const next = takeNoteOfJobs(ledger, acceptanceNow(observation, "lose-data"));
  return effect(observation, { kind: "WriteLedger", ledger: next }, "somebody has taken note of these jobs");
}
