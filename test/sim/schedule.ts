import { checkLiveness } from "./liveness.ts";
import { beginStorm, endStorm } from "./storm.ts";
import type { Workload } from "./workloads.ts";
import { World, type WorldOptions } from "./world.ts";

/** Longest that an act waits for its condition, in milliseconds. */
const conditionMillis = 10 * 60_000;

/** Runs one story under one seed's faults to its end, or to the first broken invariant. */
export async function runSchedule(workload: Workload, options: Omit<WorldOptions, "spec">): Promise<World> {
  const world = new World({ ...options, spec: workload.spec });
  world.startOperator();
  beginStorm(world);
  for (const act of workload.acts) {
    const limit = world.timeline.now + conditionMillis;
    while (!act.when(world) && world.timeline.now < limit && !world.violation) await world.timeline.advance(500);
    await world.timeline.advance(world.random.between(...act.pause));
    world.note(`person ${act.says}`);
    world.counters.add(`act: ${act.says.split(" ").slice(0, 3).join(" ")}`);
    act.act(world);
  }
  if (options.faults.size > 0) await world.timeline.advance(world.random.between(10_000, 120_000));
  endStorm(world);
  await checkLiveness(world);
  world.writesBeforeRest = world.writes;
  return world;
}
