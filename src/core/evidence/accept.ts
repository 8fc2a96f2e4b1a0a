import { annotation } from "../../api/names.ts";
import type { Observation } from "./observation.ts";

/**
 * What a person can accept once, for one version of the spec. lose-data: the jobs' state is lost, or was. restore-archive:
 * a cluster that has lost all its memory is filled from its newest archive. lower-job-quorum: protected jobs of an archive
 * need no more members than a cluster of the new size gives them.
 */
export type AcceptedAction = "lose-data" | "restore-archive" | "lower-job-quorum";

/**
 * The text of the annotation that accepts an action now: `<uid>/<generation>/<action>`. An edit of the spec, or another
 * cluster of this name, ends it. It counts once: where the ledger has it as used, the next one is numbered, so that an
 * annotation left behind accepts nothing that its writer did not know of.
 */
export function acceptance(
  { uid, generation }: { readonly uid: string; readonly generation?: number | undefined },
  used: string | undefined,
  action: AcceptedAction,
): string {
  const text = `${uid}/${generation}/${action}`;
  if (used === text) return `${text}/2`;
  const times = used?.startsWith(`${text}/`) ? Number(used.slice(text.length + 1)) : 0;
  return times > 0 ? `${text}/${times + 1}` : text;
}

/** The text that counts now, see `acceptance`. */
export function acceptanceNow(observation: Observation, action: AcceptedAction): string {
  const reading = observation.statefulSet?.ledger;
  const used = reading?.kind === "ledger" ? reading.ledger.accepted : undefined;
  return acceptance(observation.cluster.metadata, used, action);
}

export function accepts(observation: Observation, action: AcceptedAction): boolean {
  return observation.cluster.metadata.annotations?.[annotation.accept] === acceptanceNow(observation, action);
}

/** The command that a remedy names. */
export function acceptCommand(observation: Observation, action: AcceptedAction): string {
  const { name, namespace } = observation.cluster.metadata;
  return `kubectl annotate --overwrite -n ${namespace} jetcluster ${name} ${annotation.accept}=${acceptanceNow(observation, action)}`;
}
