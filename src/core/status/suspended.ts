import type { Assessment, Verdict } from "./assessment.ts";

export function suspended(a: Assessment): Verdict {
  const type = "Suspended";
  const asked = a.cluster.spec.suspend || a.cluster.spec.replicas === 0;
  const running = (a.observation.statefulSet?.replicas ?? 0) > 0 || a.observation.pods.length > 0;
  if (!asked) return { type, status: "False", reason: "Running", message: "No stop is asked for." };
  if (running) return { type, status: "False", reason: "StillRunning", message: "A stop is asked for; members run." };
  return { type, status: "True", reason: "Suspended", message: "Stopped on request." };
}
