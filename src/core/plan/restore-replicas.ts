import type { Observation } from "../evidence/observation.ts";
import type { Ledger } from "../ledger.ts";
import { adopt, beginGrow, keepOperation } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, type Gate, safe, settled, whole } from "./gates.ts";
import { hold, type Step } from "./step.ts";
import { nobodyLeft } from "./stop.ts";
import { volumesThere } from "./volumes.ts";

/** Somebody scaled the StatefulSet by hand. Size is the operator's: it is put right by the gates of the size change itself. */
export function restoreReplicas(observation: Observation, ledger: Ledger, expected: number): Step {
  const replicas = observation.statefulSet?.replicas ?? 0;
  if (isExact(ledger)) return putBack(observation, ledger, expected);
  if (replicas > expected) return adoptLarger(observation, ledger, replicas);
  // With nobody left there is no view that could be divided; else the rest must agree first.
  const unmet =
    replicas > 0
      ? firstUnmet(observation, restAgree(ledger))
      : firstUnmet(observation, [nobodyLeft, volumesThere(expected)]);
  if (unmet) return hold(unmet);
  if (ledger.operation) return putBack(observation, ledger, expected);
  const next = beginGrow(ledger, { from: replicas, to: expected }, timeOf(observation));
  return effect(
    observation,
    { kind: "Scale", from: replicas, to: expected, ledger: next },
    `the StatefulSet was scaled by hand to ${replicas}: back to ${expected} members`,
  );
}

/** A cluster that is being stopped, or is on its way back from there, may be PASSIVE: that is no state of somebody else's. */
function restAgree({ operation }: Ledger): readonly Gate[] {
  return operation?.kind === "Stop" ? [...whole, safe] : [...settled, safe];
}

/** Stopped, or on the way there or back: exactly these members or none, and no job runs meanwhile. */
function isExact({ operation, stopped }: Ledger): boolean {
  return stopped !== undefined || operation?.step === "Halting" || operation?.kind === "Start";
}

function putBack(observation: Observation, ledger: Ledger, expected: number): Step {
  const replicas = observation.statefulSet?.replicas ?? 0;
  const missing = expected > replicas ? firstUnmet(observation, [volumesThere(expected)]) : undefined;
  if (missing) return hold(missing);
  return effect(
    observation,
    { kind: "Scale", from: replicas, to: expected, ledger: keepOperation(ledger) },
    `the StatefulSet was scaled by hand to ${replicas}: back to ${expected}`,
  );
}

/** The new members may join at any moment, so Q rises at once; taking them away again is a shrink of its own. */
function adoptLarger(observation: Observation, ledger: Ledger, replicas: number): Step {
  return effect(
    observation,
    { kind: "WriteLedger", ledger: adopt(ledger, replicas, timeOf(observation)) },
    `the StatefulSet was scaled by hand to ${replicas}: quorum raised with it`,
  );
}
