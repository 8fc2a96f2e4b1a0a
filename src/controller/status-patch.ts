import { isDeepStrictEqual } from "node:util";
import type { JetClusterStatus } from "../api/jet-cluster.ts";

/** Is there anything to write? Key order and absent against undefined do not count. */
export function sameStatus(before: JetClusterStatus | undefined, after: JetClusterStatus): boolean {
  return before !== undefined && isDeepStrictEqual(plain(before), plain(after));
}

function plain(status: JetClusterStatus): unknown {
  return JSON.parse(JSON.stringify(status));
}
