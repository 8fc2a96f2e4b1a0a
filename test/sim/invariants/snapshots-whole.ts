import type { Ledger } from "../../../src/core/ledger.ts";
import { resources } from "../../../src/kube/objects.ts";
import type { Commit } from "../model/api-server.ts";
import { losesEntries } from "../model/jobs.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { ledgerIn, type World } from "../world.ts";
import { byOperator, type Invariant } from "./invariant.ts";
import { isSettledMember, takenBy } from "./taken.ts";

/** With large states the engine loses entries of snapshots without an error: a restart from one loses state. */
export const snapshotsWhole: Invariant = {
  id: "I21",
  says: "nothing after which jobs go on from snapshots is begun while one of them loses entries, or would by it",
  committed(world, commit) {
    if (!byOperator(commit) || world.lossAccepted) return undefined;
    const what = reliesOnSnapshots(world, commit);
    const island = world.engine.largest;
    if (!what || !island) return undefined;
    const size = commit.resource === resources.statefulSets ? replicasOf(commit.object) : island.members.length;
    const members = Math.min(island.members.length, size);
    const losing = world.truth.atWork().filter((job) => losesEntries(job, members));
    return losing.length > 0
      ? `${what} while snapshots of ${losing.map(({ id }) => id).join(", ")} lack entries`
      : undefined;
  },
};

function reliesOnSnapshots(world: World, commit: Commit): string | undefined {
  const taken = takenBy(world, commit).filter((pod) => isSettledMember(world, pod));
  if (taken.length > 0) return `${taken.map((pod) => pod.metadata.name).join(", ")} taken`;
  if (commit.resource !== resources.statefulSets) return undefined;
  const begun = begunBy(ledgerIn(commit.before), ledgerIn(commit.object));
  // Pods that are no members may be replaced or let go at any time: they take nothing with them.
  return begun && world.truth.settled() ? `a ${begun} begun` : undefined;
}

/** Of a deletion the time is bounded: it does not ask. */
function begunBy(before: Ledger | undefined, after: Ledger | undefined): string | undefined {
  const { operation } = after ?? {};
  if (!operation || before?.operation || before?.formedSize === undefined) return undefined;
  if (operation.kind === "Stop") return operation.lossless && operation.because !== "Remove" ? "Stop" : undefined;
  return operation.kind === "Shrink" || operation.kind === "Roll" ? operation.kind : undefined;
}
