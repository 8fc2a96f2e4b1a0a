import { resources } from "../../../src/kube/objects.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { ledgerIn } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";

export const stopPassive: Invariant = {
  id: "I8",
  says: "all members stop together only when every one of them is PASSIVE, or somebody accepted the loss",
  committed(world, commit) {
    if (!byOperator(commit) || commit.resource !== resources.statefulSets || !commit.before) return undefined;
    if (replicasOf(commit.before) === 0 || replicasOf(commit.object) > 0) return undefined;
    const [before, after] = [ledgerIn(commit.before), ledgerIn(commit.object)];
    // Nothing had formed: clients were kept out, nothing is there to lose.
    if (before && before.formedSize === undefined) return undefined;
    // Begun from nothing, and not yet whole.
    if (before?.operation?.kind === "Start" && !before.operation.lossless) return undefined;
    // On its way back from an archive, which still is all that there is.
    if (before?.operation?.archive !== undefined && before.operation.kind === "Start" && !world.archiveTruth.released)
      return undefined;
    // Put back to 0 after somebody scaled a stopped cluster by hand: no view of it has formed.
    if (before?.stopped || before?.operation?.step === "Halting") return undefined;
    if (!after?.operation?.lossless)
      return world.lossAccepted ? undefined : "stopped without anybody's word that state may go";
    // A state that another operator, or a person, has on its way meets it after the last look, or before it: no look tells.
    if (world.truth.wasPassive(world.sentAt.get(commit.author) ?? world.timeline.now)) return undefined;
    const active = world.engine.islands.filter((island) => island.state !== "PASSIVE");
    return active.length === 0 ? undefined : `stopped losslessly in state ${active.map((i) => i.state).join(", ")}`;
  },
};
