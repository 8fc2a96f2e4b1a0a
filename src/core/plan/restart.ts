import type { Observation } from "../evidence/observation.ts";
import { archives } from "../evidence/wishes.ts";
import type { Ledger } from "../ledger.ts";
import { lineOf } from "./archive-restore.ts";
import { firstUnmet, type Gate } from "./gates.ts";
import { hold, type Step } from "./step.ts";
import { stop } from "./stop.ts";

/** What all members must share has changed: all of them stop, and start with it. What cannot come back is not stopped. */
export function restart(observation: Observation, ledger: Ledger): Step {
  const unmet = archives(observation) ? firstUnmet(observation, [sameLine(ledger)]) : undefined;
  return unmet ? hold(unmet) : stop(observation, ledger, "Restart");
}

/** Jobs that one minor version has saved cannot go on in another: their records are bound to it (seen on real engines). */
function sameLine({ version: before }: Ledger): Gate {
  return ({ engine }) =>
    lineOf(engine.version) === lineOf(before)
      ? undefined
      : {
          check: "MinorVersionChanged",
          observed: `the cluster runs ${before}; the spec asks for ${engine.version}`,
          needed: `an engine of the ${lineOf(before)} line: jobs saved by one minor version cannot go on in another`,
          remedy: `set spec.version to ${before}; or, to change it and lose the jobs, set spec.losslessRestart.mode to Disabled with it, and accept the loss that is named then`,
        };
}
