import { replicasOf } from "../model/stateful-set-controller.ts";
import type { Invariant } from "./invariant.ts";

/** After a person took members away themselves, losses are theirs for this long (milliseconds). */
const personsMillis = 900_000;

/** The point of it all: data go only when more members failed at once than there are backups for. */
export const noLossByUs: Invariant = {
  id: "I1-loss",
  says: "no partition loses its last copy but by more simultaneous failures than the backups forgive, or a person's hand",
  holds(world) {
    const loss = world.engine.losses.at(-1);
    if (!loss || loss.at !== world.timeline.now) return undefined;
    if (world.lossAccepted || world.timeline.now - world.disturbedAt < personsMillis) return undefined;
    // Before the first whole view clients are kept out: nothing is there that could be lost.
    if (world.ledger?.formedSize === undefined) return undefined;
    // All members are let go, or not yet filled: what there was is in the archive (A1, A5).
    const { stopped, released } = world.archiveTruth;
    if (stopped && !released && world.ledger?.archive) return undefined;
    const { unplanned, settledSize } = world.truth;
    // Of n members at most n − 1 can hold a backup.
    const size = Math.min(settledSize, replicasOf(world.statefulSet));
    const forgiven = Math.min(world.engine.options.backups, Math.max(0, size - 1));
    if (loss.cause === "split" || loss.islands > 1 || unplanned.size > forgiven) return undefined;
    return `partitions ${loss.partitions.join(", ")} lost by a ${loss.cause}; ${unplanned.size} members failed by themselves`;
  },
};
