import type { Fate, WriteCall } from "./model/client.ts";
import type { Random } from "./model/random.ts";

/** One kind of trouble; a schedule has a random half of them (swarm testing: all at once hide each other). */
const faultKinds = [
  "writes fail",
  "responses get lost",
  "requests get stuck",
  "caches lag",
  "operator crashes",
  "two operators",
  "members do not answer",
  "operator is cut off",
  "members crash",
  "pods are killed",
  "network splits",
  "start-up splits",
  "pods cannot be scheduled",
  "snapshots take long",
  "nodes are lost",
  "archive pods are killed",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export type Faults = ReadonlySet<FaultKind>;

export const none: Faults = new Set();

export function randomHalf(random: Random): Faults {
  return new Set(faultKinds.filter(() => random.chance(0.5)));
}

/** What becomes of a write while faults last. Each kind is rare enough for the operator to get somewhere. */
export function fateUnder(faults: Faults, random: Random): (call: WriteCall) => Fate {
  return () => {
    if (faults.has("operator crashes") && random.chance(0.02)) return random.pick(["crash-before", "crash-after"]);
    if (faults.has("responses get lost") && random.chance(0.05)) return "response-lost";
    if (faults.has("requests get stuck") && random.chance(0.03)) return "held";
    if (faults.has("writes fail") && random.chance(0.1)) {
      return random.pick(["conflict", "unavailable", "throttled", "not-sent", "refused"] as const);
    }
    return "ok";
  };
}
