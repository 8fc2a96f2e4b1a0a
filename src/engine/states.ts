import { MalformedError } from "./protocol/errors.ts";
import type { ClusterState } from "./rest.ts";

/** Ordinals of the engine's enumeration. */
const clusterStates: readonly ClusterState[] = ["ACTIVE", "NO_MIGRATION", "FROZEN", "PASSIVE", "IN_TRANSITION"];

/** @throws MalformedError for an ordinal that we do not know. */
export function clusterStateOf(ordinal: number): ClusterState {
  const name = clusterStates[ordinal];
  if (!name) throw new MalformedError(`cluster state ${ordinal}`);
  return name;
}
