import type { JetClusterSpec } from "../../api/jet-cluster.ts";
import { maxReplicas } from "../../api/limits.ts";

/**
 * The number of members the spec asks for, made odd where the user allows it (`evenReplicas: RoundUp`).
 * Seed: with an even number a job may not restart at all after a split into two equal halves.
 */
export function wantedSize(spec: Pick<JetClusterSpec, "replicas" | "evenReplicas">): number {
  if (spec.replicas === 0 || spec.replicas % 2 === 1) return spec.replicas;
  return Math.min(spec.replicas + 1, maxReplicas);
}
