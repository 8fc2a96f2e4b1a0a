import type { Millis, Observation, PodFacts } from "../evidence/observation.ts";
import { remediesFor } from "../evidence/remedies.ts";
import { troubleOf } from "../evidence/troubles.ts";
import { hostOf, inSomeView, singleView, type Views, viewsOf } from "../evidence/views.ts";
import { passiveSide } from "./passive-side.ts";
import type { Unmet } from "./step.ts";

/** A named condition of a step: undefined when met, else what it saw, what it needs and what helps. */
export type Gate = (observation: Observation) => Unmet | undefined;

/** The first gate that does not hold. Order matters: the most basic reason is the one a person should read. */
export function firstUnmet(observation: Observation, gates: readonly Gate[]): Unmet | undefined {
  for (const gate of gates) {
    const unmet = gate(observation);
    if (unmet) return unmet;
  }
  return undefined;
}

const waitForIt = "wait: it ends by itself";

/** Every expected pod is there, runs and is ready. */
export const podsReady: Gate = (observation) => {
  const lost = observation.pods.filter((pod) => isOutOfReach(pod, observation));
  if (lost.length > 0) return nodeUnreachable(lost);
  const expected = observation.statefulSet?.replicas ?? 0;
  const lacking = Array.from({ length: expected }, (_, ordinal) => lackOf(observation, ordinal)).filter(
    (lack) => lack !== undefined,
  );
  if (lacking.length === 0) return undefined;
  const said = lacking.flatMap((l) => (l.trouble ? [l.observed] : []));
  return {
    check: "PodsNotReady",
    observed: lacking.map((l) => `${l.pod}: ${l.observed}`).join("; "),
    needed: `${expected} pods ready`,
    remedy: said.length > 0 ? remediesFor(said, "look at the pod's events: kubectl describe pod") : waitForIt,
  };
};

function lackOf(observation: Observation, ordinal: number) {
  const name = `${observation.cluster.metadata.name}-${ordinal}`;
  const pod = observation.pods.find((p) => p.ordinal === ordinal);
  if (!pod) {
    const why = troubleOf(observation, `Pod/${name}`);
    return { pod: name, observed: why ?? "not there yet", trouble: why !== undefined };
  }
  if (pod.terminating) return { pod: name, observed: "terminating", trouble: false };
  if (pod.ready) return undefined;
  const why = [pod.trouble, troubleOfClaim(observation, ordinal)].filter((text) => text !== undefined).join("; ");
  return { pod: name, observed: why || "not ready", trouble: why !== "" };
}

/** A pod without its volume says only that the volume is wanting; the claim says why. */
function troubleOfClaim(observation: Observation, ordinal: number): string | undefined {
  const claim = observation.claims.find((c) => c.ordinal === ordinal);
  const why = claim && troubleOf(observation, `PersistentVolumeClaim/${claim.name}`);
  return why && `${claim.name} is not bound: ${why}`;
}

/** Every expected member answered within the last few seconds. Unknown is not down: it means hold. */
export const allKnown: Gate = (observation) => allKnownBut([])(observation);

/** @param excused uids of pods that need not answer. */
function allKnownBut(excused: readonly string[]): Gate {
  return (observation) => {
    const silent = expectedPods(observation, excused).flatMap((pod) => {
      const member = observation.members.find((m) => m.podUid === pod.uid);
      if (member?.known) return [];
      return [`${pod.name}: ${member ? member.reason : "not asked yet"}`];
    });
    if (silent.length === 0) return undefined;
    return {
      check: "MembersUnknown",
      observed: silent.join("; "),
      needed: "an answer of every member",
      remedy: "wait; if it lasts, look at the pod's log and at network policies between operator and members",
    };
  };
}

/** One undivided view of exactly the expected pods, one master: nobody joining, nobody missing, nobody foreign. */
const oneWholeView: Gate = (observation) => oneViewBut([])(observation);

/** @param excused uids of pods that must not be in the view. */
function oneViewBut(excused: readonly string[]): Gate {
  return (observation) => {
    const views = viewsOf(observation);
    const expected = expectedPods(observation, excused);
    const only = singleView(views);
    if (views.views.length > 1) return passiveSide(observation) ?? divided(views);
    const hosts = new Set(only?.members.map((m) => hostOf(m.address)));
    const missing = expected.filter((pod) => !hosts.has(pod.address ?? "")).map((pod) => pod.name);
    if (views.joining.length > 0 || missing.length > 0) {
      return {
        check: "MembersJoining",
        observed: `${[...new Set([...views.joining, ...missing])].sort().join(", ")} not in the view of ${only?.heldBy.join(", ") || "anybody"}`,
        needed: `one view of ${expected.length} members`,
        remedy: waitForIt,
      };
    }
    if (hosts.size === expected.length && only?.members.length === hosts.size) return undefined;
    const foreign = only?.members.filter((m) => !expected.some((p) => p.address === hostOf(m.address))) ?? [];
    return {
      check: "ForeignMembers",
      observed:
        foreign.length > 0
          ? `${foreign.map((m) => m.address).join(", ")} in the view, but no pod of this cluster`
          : `a member that has gone is still in the view of ${only?.members.length ?? 0}`,
      needed: `one view of ${expected.length} members`,
      remedy: "wait for the engine to drop a member that has gone; if it lasts, find who joined from outside",
    };
  };
}

function divided(views: Views): Unmet {
  return {
    check: "ViewsDiffer",
    observed: views.views.map((v) => `{${v.heldBy.join(", ")}} see ${v.members.length}`).join("; "),
    needed: "one undivided view",
    remedy: "repair the network between the pods; the engine merges the views by itself, no pod needs to be deleted",
  };
}

/** Not ready, and nobody who answers counts it as a member. Somebody must answer, or nothing is known. */
export function isInNobodysView(pod: PodFacts, observation: Observation): boolean {
  const views = viewsOf(observation);
  if (pod.ready || views.views.length === 0 || inSomeView(pod, views)) return false;
  return !observation.members.some((member) => member.podUid === pod.uid && member.known);
}

/** All pods but those in nobody's view answer. */
export const othersKnown: Gate = (observation) => allKnownBut(inNobodysView(observation))(observation);

/** All pods but those in nobody's view answer, are one view and are safe. */
export const othersWhole: Gate = (observation) =>
  firstUnmet(observation, [othersKnown, oneViewBut(inNobodysView(observation)), safe]);

function inNobodysView(observation: Observation): string[] {
  return observation.pods.filter((pod) => isInNobodysView(pod, observation)).map((pod) => pod.uid);
}

/** The state that a cluster at work has. Any other was set by a person or left by a stop. */
const clusterActive: Gate = (observation) => {
  const states = new Set(observation.members.flatMap((m) => (m.known ? [m.clusterState] : [])));
  if (states.size === 1 && states.has("ACTIVE")) return undefined;
  return {
    check: "ForeignClusterState",
    observed: `cluster state ${[...states].sort().join(" and ") || "unknown"}`,
    needed: "ACTIVE",
    remedy: "somebody set it from outside: set it back with hz-cluster-admin -o change-state -s active",
  };
};

/** A member that shuts down says so before anything else shows it: a cache of pods may not know yet. */
const nobodyLeaving: Gate = (observation) => {
  const leaving = observation.members.filter((m) => m.known && m.nodeState !== "ACTIVE").map((m) => m.pod);
  if (leaving.length === 0) return undefined;
  return {
    check: "MembersLeaving",
    observed: `${leaving.join(", ")} shutting down or not yet active`,
    needed: "every member's node state ACTIVE",
    remedy: waitForIt,
  };
};

/** Every backup is in place, as every member says of itself (the engine's answer is local to the member asked). */
export const safe: Gate = (observation) => {
  const unsafe = observation.members.filter((m) => m.known && (!m.safe || m.migrations > 0)).map((m) => m.pod);
  if (unsafe.length === 0) return undefined;
  return {
    check: "PartitionsNotSafe",
    observed: `${unsafe.join(", ")} not safe`,
    needed: "every member safe, no migration queued",
    remedy: "wait: backups are being re-established",
  };
};

/** Pods that a smaller StatefulSet has let go are really gone. */
const surplusGone: Gate = (observation) => {
  const replicas = observation.statefulSet?.replicas ?? 0;
  const surplus = observation.pods.filter((pod) => pod.ordinal >= replicas).map((pod) => pod.name);
  if (surplus.length === 0) return undefined;
  const lost = observation.pods.filter((pod) => pod.ordinal >= replicas && isOutOfReach(pod, observation));
  if (lost.length > 0) return nodeUnreachable(lost);
  return {
    check: "PodsLeaving",
    observed: `${surplus.join(", ")} still there`,
    needed: `only ordinals below ${replicas}`,
    remedy: waitForIt,
  };
};

/** Every expected pod exists and is not on its way out; whether it is ready is another question (a PASSIVE one may not be). */
const podsPresent: Gate = (observation) => {
  const expected = observation.statefulSet?.replicas ?? 0;
  const lost = observation.pods.filter((pod) => isOutOfReach(pod, observation));
  if (lost.length > 0) return nodeUnreachable(lost);
  const there = expectedPods(observation).filter((pod) => !pod.terminating);
  if (there.length === expected) return undefined;
  return {
    check: "PodsNotReady",
    observed: `${there.length} of ${expected} pods are there`,
    needed: `${expected} pods`,
    remedy: waitForIt,
  };
};

/** Every expected member is there and sees the same members. */
export const whole: readonly Gate[] = [podsPresent, surplusGone, allKnown, oneWholeView];

export const settled: readonly Gate[] = [podsReady, surplusGone, allKnown, oneWholeView, clusterActive, nobodyLeaving];

/** No pod's node has stopped answering: what is not heard of there may run. */
const everybodyReachable: Gate = (observation) => {
  const lost = observation.pods.filter((pod) => isOutOfReach(pod, observation));
  return lost.length > 0 ? nodeUnreachable(lost) : undefined;
};

/** All that are members are at work, whole and safe; pods in nobody's view take nothing with them. */
export const othersAtWork: readonly Gate[] = [
  everybodyReachable,
  surplusGone,
  othersWhole,
  clusterActive,
  nobodyLeaving,
];

/** Pods with an ordinal below the StatefulSet's replicas. */
function expectedPods(observation: Observation, excused: readonly string[] = []): PodFacts[] {
  const replicas = observation.statefulSet?.replicas ?? 0;
  return observation.pods.filter((pod) => pod.ordinal < replicas && !excused.includes(pod.uid));
}

/** Beyond its grace period and still there: the kubelet that should have ended it does not answer. */
const unreachableAfter: Millis = 60_000;

function isOutOfReach(pod: PodFacts, { now }: Observation): boolean {
  return pod.nodeLost || (pod.goneBy !== undefined && now > pod.goneBy + unreachableAfter);
}

function nodeUnreachable(lost: readonly PodFacts[]): Unmet {
  return {
    check: "NodeUnreachable",
    observed: `the node of ${lost.map((pod) => pod.name).join(", ")} does not report; nobody knows whether the member runs`,
    needed: "an answer of the node, or certainty that it is off",
    remedy:
      "bring the node back; if it is off for good: kubectl taint node NODE node.kubernetes.io/out-of-service=:NoExecute. No pod is ever force-deleted by the operator",
  };
}

/** No eviction can take a second member while the operator takes one: the budget is 0 and the API server judges by it. */
export const budgetClosed: Gate = ({ budget }) => {
  if (budget?.maxUnavailable === 0 && budget.inForce) return undefined;
  return {
    check: "BudgetOpen",
    observed: budget ? `evictions may still take ${budget.maxUnavailable}` : "no PodDisruptionBudget yet",
    needed: "the PodDisruptionBudget at 0 and in force",
    remedy: waitForIt,
  };
};

/** Two equal lists of the jobs from the same cluster. */
export const jobsKnown: Gate = ({ jobs }) => {
  if (jobs?.known) return undefined;
  return {
    check: "JobsUnknown",
    observed: jobs ? jobs.reason : "the jobs were not asked for yet",
    needed: "two equal answers about the jobs",
    remedy: "wait; if it lasts, look at the members' logs",
  };
};
