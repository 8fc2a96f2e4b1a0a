import type { Observation } from "../evidence/observation.ts";
import { wantedSize } from "../evidence/sizes.ts";
import { wantsNobody, wantsOtherPods } from "../evidence/wishes.ts";
import type { Ledger, LedgerOperation } from "../ledger.ts";
import { beginStart, finish, halt, retemplate } from "../ledger-transitions.ts";
import { effect, timeOf } from "./evidence.ts";
import { firstUnmet, podsReady, safe, settled, whole } from "./gates.ts";
import { hold, type Step } from "./step.ts";
import { nobodyLeft } from "./stop.ts";
import { volumesThere } from "./volumes.ts";

/**
 * Starts a stopped cluster: losslessly with exactly the members that were stopped, whatever size the spec asks for by
 * now, which then waits until they are back. A new template is written while nobody runs.
 */
export function start(observation: Observation, ledger: Ledger): Step {
  const unmet = firstUnmet(observation, [nobodyLeft]);
  if (unmet) return hold(unmet);
  if (wantsOtherPods(observation)) {
    const next = retemplate(ledger, observation.engine.version);
    return effect(
      observation,
      { kind: "WriteTemplate", ledger: next },
      "writing the new pod template while nobody runs",
    );
  }
  const size = ledger.stopped?.lossless ? (ledger.formedSize ?? 1) : wantedSize(observation.cluster.spec);
  const missing = ledger.stopped?.lossless ? firstUnmet(observation, [volumesThere(size)]) : undefined;
  if (missing) return hold(missing);
  return effect(
    observation,
    { kind: "Scale", from: 0, to: size, ledger: beginStart(ledger, size, timeOf(observation)) },
    `starting ${size} members`,
  );
}

/** One view of all of them first, then ACTIVE: jobs go on by themselves only then. */
export function continueStart(observation: Observation, ledger: Ledger, operation: LedgerOperation): Step {
  const { to: size } = operation;
  // Nothing has formed yet: going back down costs nothing that is not on the volumes.
  if (wantsNobody(observation) && !operation.lossless) {
    const next = halt(ledger, { size, lossless: false, because: "Suspend" }, timeOf(observation));
    return effect(observation, { kind: "Scale", from: size, to: 0, ledger: next }, "stopping again, as asked");
  }
  const apart = firstUnmet(observation, [podsReady, ...whole]);
  if (apart) return hold(apart);
  const passive = observation.members.some((member) => member.known && member.clusterState === "PASSIVE");
  if (passive && operation.lossless) {
    return effect(
      observation,
      { kind: "ChangeClusterState", to: "ACTIVE" },
      `all ${size} members are back in one view: jobs may go on`,
    );
  }
  const unmet = firstUnmet(observation, [...settled, safe]);
  if (unmet) return hold(unmet);
  const next = finish(ledger, size, timeOf(observation));
  return effect(observation, { kind: "WriteLedger", ledger: next }, `started: one view of ${size} members`);
}
