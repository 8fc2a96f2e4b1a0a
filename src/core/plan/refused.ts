import type { Observation, Refusal } from "../evidence/observation.ts";
import { remedyFor } from "../evidence/remedies.ts";
import { blocked, done, type Effect, type Step, type Unmet } from "./step.ts";

/** A step in the light of what the API server would not take. */
interface UnderRefusals {
  /** What becomes of the step: what is refused, or waits for a refused child, is blocked. */
  readonly step: Step;
  /** All that holds the cluster up, the most telling first. */
  readonly unmet: readonly Unmet[];
}

/**
 * Refusals are no concern of the planner: it goes on asking for the same effect, and the driver tries it again. But people
 * must read what holds it up. A volume that cannot grow or go holds nothing else up: the cluster is as it should be.
 */
export function underRefusals(observation: Observation, step: Step): UnderRefusals {
  const wanted = step.kind === "effect" ? step.effect.kind : undefined;
  const all = observation.refused.filter(({ effect }) => effect === undefined || effect === wanted);
  if (all.length === 0) return { step, unmet: unmetBy(step) };
  const refused = refusedUnmet(all);
  if (step.kind === "blocked") return { step, unmet: [...step.by, refused] };
  const unmet = [refused, ...unmetBy(step)];
  if (all.every(isAboutAVolume)) return { step: wanted === "DeleteClaim" ? done : step, unmet };
  const held = step.kind === "effect" && (all.some((r) => r.effect === wanted) || waitsForChildren(step.effect, all));
  if (!held && step.kind !== "done") return { step, unmet };
  return { step: blocked(refused), unmet: [refused] };
}

function unmetBy(step: Step): readonly Unmet[] {
  if (step.kind === "blocked") return step.by;
  return step.kind === "wait" ? [step.for] : [];
}

/**
 * Effects that make pods, or other pods, want every child in its place: without the NetworkPolicy a member would be open to
 * strangers, without the configuration it would not start. Everything else goes on.
 */
export function waitsForChildren(effect: Effect, refused: readonly Refusal[]): boolean {
  if (refused.every((refusal) => refusal.effect !== undefined || isAboutAVolume(refusal))) return false;
  if (effect.kind === "Scale") return effect.to > effect.from;
  return effect.kind === "CreateStatefulSet" || effect.kind === "WriteTemplate";
}

/** The object that an effect writes, as `Kind/name`. @param name of the JetCluster. */
export function objectOf(effect: Effect, name: string): string {
  switch (effect.kind) {
    case "DeletePod":
      return `Pod/${effect.name}`;
    case "DeleteClaim":
      return `PersistentVolumeClaim/${effect.name}`;
    case "AddFinalizer":
    case "RemoveFinalizer":
      return `JetCluster/${name}`;
    case "ChangeClusterState":
      return `Engine/${name}`;
    default:
      return `StatefulSet/${name}`;
  }
}

const isAboutAVolume = ({ object }: Refusal) => object.startsWith("PersistentVolumeClaim/");

function refusedUnmet(refused: readonly Refusal[]): Unmet {
  const byEngine = refused.find(({ effect }) => effect === "ChangeClusterState");
  if (byEngine) return engineUnmet(byEngine);
  return {
    check: "ChildRefused",
    observed: refused.map(({ object, says }) => `${object}: ${says}`).join("; "),
    needed: "the API server to take what the operator writes",
    remedy: `${[...new Set(refused.map(remedyOf))].join("; ")}; it is tried again at least once a minute`,
  };
}

function engineUnmet({ says }: Refusal): Unmet {
  return {
    check: "StateRefused",
    observed: says,
    needed: "every member to take the cluster state that the operator asks for",
    remedy:
      "read the members' logs; it is asked again at least once a minute, and a stop is given up when its wish is taken back",
  };
}

function remedyOf({ effect, says }: Refusal): string {
  if (effect === "DeleteClaim" && says.includes("cannot delete resource")) {
    return "set persistentVolumeClaims.allowDelete to true in the operator's Helm values, or delete the claim yourself, or set persistentVolumeClaimRetentionPolicy.whenScaled to Retain";
  }
  return remedyFor(says) ?? "change what it objects to, or who objects";
}
