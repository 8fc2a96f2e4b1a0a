import type { SizedMap } from "./copy-maps.ts";
import type { ArchivedMap } from "./manifest.ts";
import { ArchiveRefusedError } from "./refusal.ts";

/**
 * Nobody writes in a PASSIVE cluster, so every map has as many entries as were copied. Only entries of a user's map may have
 * come to the end of their life meanwhile.
 * @param before of the same maps, in the same order, as `after` and what was copied. @throws ArchiveRefusedError
 */
export function checkCounts(
  copied: readonly ArchivedMap[],
  before: readonly SizedMap[],
  after: readonly SizedMap[],
): void {
  for (const [index, { name, kind, entries }] of copied.entries()) {
    const [first, last] = [before[index]?.size ?? 0, after[index]?.size ?? 0];
    if (kind === "user" ? first >= entries && entries >= last : first === entries && entries === last) continue;
    const observed = `map ${name} had ${first} entries before it was copied, ${last} after, and ${entries} in the copy`;
    const remedy = "set the cluster ACTIVE, resume what ran, and stop again";
    throw new ArchiveRefusedError("ContentChanged", observed, remedy);
  }
}
