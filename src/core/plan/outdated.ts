import type { Observation, PodFacts } from "../evidence/observation.ts";

/** Pods made from another template than the StatefulSet has by now, the highest ordinal first. */
export function outdatedPods({ pods, statefulSet }: Observation): PodFacts[] {
  return pods
    .filter((pod) => pod.templateHash !== statefulSet?.templateHash && !pod.terminating)
    .sort((a, b) => b.ordinal - a.ordinal);
}
