import type { Observation } from "./observation.ts";

/** What Kubernetes' events say of an object (`Kind/name`) that has long been wanting. */
export function troubleOf({ troubles }: Observation, object: string): string | undefined {
  return troubles.find((trouble) => trouble.object === object)?.says;
}
