import type { Observation } from "../evidence/observation.ts";
import { singleView, viewsOf } from "../evidence/views.ts";
import type { Ledger } from "../ledger.ts";
import type { Effect, Evidence, Step } from "./step.ts";

/** An effect with what justifies it: read from the same observation, so that the driver can tell when it no longer holds. */
export function effect(observation: Observation, what: Effect, says: string): Step {
  return { kind: "effect", effect: what, because: evidenceOf(observation), says };
}

export function evidenceOf(observation: Observation): Evidence {
  return {
    clusterUid: observation.cluster.metadata.uid,
    generation: observation.cluster.metadata.generation,
    statefulSetUid: observation.statefulSet?.uid,
    ledgerEpoch: ledgerOf(observation)?.epoch,
    view: singleView(viewsOf(observation))?.key,
  };
}

/** The ledger, where there is a readable one. */
export function ledgerOf({ statefulSet }: Pick<Observation, "statefulSet">): Ledger | undefined {
  const reading = statefulSet?.ledger;
  return reading?.kind === "ledger" ? reading.ledger : undefined;
}

/** The observation's time as the API writes times. */
export function timeOf(observation: Observation): string {
  return new Date(observation.now).toISOString();
}
