import type { Millis, Observation } from "../evidence/observation.ts";
import { troubleOf } from "../evidence/troubles.ts";
import { type Gate, isInNobodysView, othersAtWork, safe, settled } from "./gates.ts";

/** Longer than a pod normally takes to run, and than members take to notice that one of them is gone. */
const idleAfter: Millis = 120_000;

/** It has long had no address (no node has room for it, its image is not there), or cannot be made at all (a quota). */
function isIdle(ordinal: number, observation: Observation): boolean {
  const pod = observation.pods.find((p) => p.ordinal === ordinal);
  if (!pod) return troubleOf(observation, `Pod/${observation.cluster.metadata.name}-${ordinal}`) !== undefined;
  const long = pod.address === undefined && !pod.terminating && observation.now - pod.createdAt > idleAfter;
  return long && isInNobodysView(pod, observation);
}

/** How many pods at the end of the StatefulSet, one after the other, are no members. */
export function idleAtTheEnd(observation: Observation): number {
  const replicas = observation.statefulSet?.replicas ?? 0;
  let count = 0;
  while (count < replicas && isIdle(replicas - 1 - count, observation)) count += 1;
  return count;
}

/** Of the pods that are to go, one further down is no member: waiting for it would keep all others from leaving. */
export function isIdleBelow(observation: Observation, target: number): boolean {
  const replicas = observation.statefulSet?.replicas ?? 0;
  const leaving = Array.from({ length: Math.max(0, replicas - target) }, (_, i) => target + i);
  return leaving.some((ordinal) => isIdle(ordinal, observation));
}

/**
 * What taking the last member away needs: everybody settled and safe; where one of those that are to go is no member,
 * all others at work, and everybody who stays among them.
 */
export function leavingGates(observation: Observation, target: number): readonly Gate[] {
  return isIdleBelow(observation, target) ? [...othersAtWork, staysReady(target)] : [...settled, safe];
}

function staysReady(target: number): Gate {
  return ({ pods }) => {
    const ready = pods.filter((pod) => pod.ordinal < target && pod.ready && !pod.terminating).length;
    if (ready === target) return undefined;
    return {
      check: "PodsNotReady",
      observed: `${ready} of the ${target} pods that are to stay are ready`,
      needed: `${target} pods ready before others leave`,
      remedy: "wait; if it lasts, look at the pods' events: kubectl describe pod",
    };
  };
}
