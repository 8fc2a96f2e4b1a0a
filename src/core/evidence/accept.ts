import { annotation } from "../../api/names.ts";
import type { Observation } from "./observation.ts";

/** What a person can accept once, for one version of the spec. */
export type AcceptedAction = "lose-data";

/** `<uid>/<generation>/<action>` in the annotation: an edit of the spec, or another cluster of this name, ends it. */
export function accepts({ cluster }: Observation, action: AcceptedAction): boolean {
  const { annotations, uid, generation } = cluster.metadata;
  return annotations?.[annotation.accept] === `${uid}/${generation}/${action}`;
}

/** The command that a remedy names. */
export function acceptCommand({ cluster }: Observation, action: AcceptedAction): string {
  const { name, namespace, uid, generation } = cluster.metadata;
  return `kubectl annotate --overwrite -n ${namespace} jetcluster ${name} ${annotation.accept}=${uid}/${generation}/${action}`;
}
