import { isDeepStrictEqual } from "node:util";
import type { JetClusterStatus } from "../api/jet-cluster.ts";

/** Is there anything to write? Key order and absent against undefined do not count. */
export function sameStatus(before: JetClusterStatus | undefined, after: JetClusterStatus): boolean {
  if (before === undefined) return false;
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  return was === is || isDeepStrictEqual(JSON.parse(was), JSON.parse(is));
}
