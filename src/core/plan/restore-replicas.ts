import type { Observation } from "../evidence/observation.ts";
import { beginGrow, type Ledger } from "../ledger.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, safe, settled } from "./gates.ts";
import { type Step, wait } from "./step.ts";

/** Somebody scaled the StatefulSet by hand. Size is the operator's: it is put right by the same gates as any growth. */
export function restoreReplicas(observation: Observation, ledger: Ledger, expected: number): Step {
  const replicas = observation.statefulSet?.replicas ?? 0;
  if (replicas > expected) return adoptLarger(observation, ledger, { from: expected, to: replicas });
  // With nobody left there is no view that could be divided; else the rest must agree first.
  const unmet = replicas > 0 ? firstUnmet(observation, [...settled, safe]) : firstUnmet(observation, [settledEmpty]);
  if (unmet) return wait(unmet);
  const next = beginGrow(ledger, { from: replicas, to: expected }, timeOf(observation));
  return effect(
    observation,
    { kind: "Scale", from: replicas, to: expected, ledger: next },
    `the StatefulSet was scaled by hand to ${replicas}: back to ${expected} members`,
  );
}

/** The new members may join at any moment, so Q rises at once; taking them away again is a shrink of its own. */
function adoptLarger(observation: Observation, ledger: Ledger, sizes: { from: number; to: number }): Step {
  return effect(
    observation,
    { kind: "WriteLedger", ledger: beginGrow(ledger, sizes, timeOf(observation)) },
    `the StatefulSet was scaled by hand to ${sizes.to}: quorum raised with it`,
  );
}

const settledEmpty = (observation: Observation) =>
  observation.pods.length === 0
    ? undefined
    : {
        check: "PodsLeaving",
        observed: `${observation.pods.map((p) => p.name).join(", ")} still there`,
        needed: "no pod of the cluster left",
        remedy: "wait: pods that were let go finish their shutdown first",
      };
