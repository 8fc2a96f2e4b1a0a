import type { ClusterState } from "../../../src/core/evidence/observation.ts";
import type { Engine } from "./engine.ts";
import { type Island, isBecomingPassive, movesLeft } from "./island.ts";
import { isIn } from "./member.ts";

/** How long the jobs' last snapshots take, in milliseconds; PASSIVE waits for them without a limit. */
export type SnapshotTime = () => number;

/**
 * What a member makes of a wish for another cluster state. PASSIVE comes when the jobs have taken their last snapshots,
 * whoever still waits for it then; until then everything says ACTIVE, and ACTIVE asked for is the state there is.
 * @returns the answer, and when it comes (milliseconds from now).
 */
export function changeState(
  engine: Engine,
  island: Island,
  to: ClusterState,
  snapshotTime: SnapshotTime,
): { readonly changed: boolean; readonly after: number } {
  if (island.state === to || island.members.some((member) => !isIn(member))) return { changed: false, after: 0 };
  if (movesLeft(island) > 0) return { changed: false, after: 0 };
  if (to !== "PASSIVE") {
    enter(engine, island, to);
    return { changed: true, after: 0 };
  }
  if (isBecomingPassive(island)) return { changed: true, after: 60_000 };
  const asked = island.members;
  island.becomingPassive = asked;
  const running = island.jobs.all().filter((job) => job.status === "RUNNING");
  for (const job of running) {
    island.jobs.takeDueSnapshots(job);
    job.status = "COMPLETING";
  }
  const after = running.length > 0 ? snapshotTime() : 50;
  engine.timeline.after(after, () => {
    const comes = isBecomingPassive(island) && island.becomingPassive === asked && engine.islands.includes(island);
    if (island.becomingPassive === asked) island.becomingPassive = undefined;
    for (const job of running) {
      if (job.status !== "COMPLETING") continue;
      island.jobs.takeLastSnapshot(job, after);
      job.status = "NOT_RUNNING";
    }
    if (comes) enter(engine, island, "PASSIVE");
    else engine.startJobs(island);
  });
  return { changed: true, after };
}

function enter(engine: Engine, island: Island, state: ClusterState): void {
  island.state = state;
  engine.disks.save(island);
  for (const member of island.members) engine.onChange(member);
  if (state === "ACTIVE") {
    engine.move(island);
    engine.startJobs(island);
  }
}
