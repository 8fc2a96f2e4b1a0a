import type { Assessment, Verdict } from "./assessment.ts";

/** Can the whole cluster be stopped and started again without losing the state of its jobs? */
export function losslessReady(a: Assessment): Verdict {
  const type = "LosslessReady";
  const { mode } = a.cluster.spec.losslessRestart;
  if (mode === "Disabled") {
    return { type, status: "False", reason: "Disabled", message: "spec.losslessRestart.mode is Disabled." };
  }
  const size = a.observation.statefulSet?.replicas ?? 0;
  const bound = a.observation.claims.filter((c) => c.bound && !c.deleting && c.ordinal < size).length;
  const note = "HotRestart needs the licensed engine; this operator has not been run on one.";
  if (size === 0 || bound < size) {
    return { type, status: "False", reason: "VolumesMissing", message: `${bound} of ${size} volumes bound. ${note}` };
  }
  return { type, status: "True", reason: "VolumesBound", message: `Every member has its volume. ${note}` };
}
