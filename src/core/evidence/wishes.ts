import type { Observation } from "./observation.ts";
import { wantedSize } from "./sizes.ts";

/** The whole cluster is to be stopped: by `suspend`, by `replicas: 0`, or because the JetCluster is being deleted. */
export function wantsNobody({ cluster }: Observation): boolean {
  return cluster.spec.suspend || wantedSize(cluster.spec) === 0 || cluster.metadata.deletionTimestamp !== undefined;
}

/** The user's own change of what pods are made from; a newer operator's different template is only pending. */
export function wantsOtherPods({ statefulSet, specHash }: Observation): boolean {
  return statefulSet?.specHash !== undefined && statefulSet.specHash !== specHash;
}

/** What all members must share has changed, or there is only one: it cannot be rolled out member by member. */
export function wantsRestart(observation: Observation): boolean {
  const { statefulSet, restartHash } = observation;
  if (!statefulSet || !wantsOtherPods(observation)) return false;
  return (
    statefulSet.replicas === 1 || (statefulSet.restartHash !== undefined && statefulSet.restartHash !== restartHash)
  );
}

/** What the members that run call their cluster: a name that was edited since is that of the next ones. */
export function runningName({ cluster, statefulSet }: Pick<Observation, "cluster" | "statefulSet">): string {
  return statefulSet?.clusterName ?? cluster.spec.clusterName ?? cluster.metadata.name;
}

/** A stop would keep the state of the jobs: on the members' own volumes, or in an archive. */
export function isLossless({ cluster }: Observation): boolean {
  return cluster.spec.losslessRestart.mode !== "Disabled";
}

/** The members keep it themselves, each on its volume: they must all come back. */
export function keepsStateOnMembers({ cluster }: Observation): boolean {
  return cluster.spec.losslessRestart.mode === "HotRestart";
}

/** It is saved to the archive's volume when the cluster stops. */
export function archives({ cluster }: Observation): boolean {
  return cluster.spec.losslessRestart.mode === "Archive";
}
