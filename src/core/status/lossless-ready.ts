import { archiveReady } from "./archive-ready.ts";
import type { Assessment, Verdict } from "./assessment.ts";

/** Can the whole cluster be stopped and started again without losing the state of its jobs? */
export function losslessReady(a: Assessment): Verdict {
  const type = "LosslessReady";
  const { mode } = a.cluster.spec.losslessRestart;
  if (mode === "Disabled") {
    return { type, status: "False", reason: "Disabled", message: "spec.losslessRestart.mode is Disabled." };
  }
  if (mode === "Archive") return archiveReady(a);
  // A stopped cluster has no replicas, and comes back with all the members it had.
  const size = a.ledger?.stopped ? (a.ledger.formedSize ?? 0) : (a.observation.statefulSet?.replicas ?? 0);
  const bound = a.observation.claims.filter((c) => c.bound && !c.deleting && c.ordinal < size).length;
  const note =
    "HotRestart needs the licensed engine, on which this operator has not been run: its tests use a fake member that does what the engine's documentation says.";
  if (size === 0 || bound < size) {
    return { type, status: "False", reason: "VolumesMissing", message: `${bound} of ${size} volumes bound. ${note}` };
  }
  return { type, status: "True", reason: "VolumesBound", message: `Every member has its volume. ${note}` };
}
