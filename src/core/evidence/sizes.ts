import type { JetClusterSpec } from "../../api/jet-cluster.ts";

/** Largest number of members; the schema says the same. */
export const maxReplicas = 99;

/**
 * The number of members the spec asks for, made odd where the user allows it (`evenReplicas: RoundUp`).
 * Seed: with an even number a job may not restart at all after a split into two equal halves.
 */
export function wantedSize(spec: Pick<JetClusterSpec, "replicas" | "evenReplicas">): number {
  if (spec.replicas === 0 || spec.replicas % 2 === 1) return spec.replicas;
  return Math.min(spec.replicas + 1, maxReplicas);
}
