import { archiveWorkloads } from "./archive-workloads.ts";
import { none } from "./faults.ts";
import { invariants } from "./invariants/all.ts";
import { type Lane, Tally } from "./lanes.ts";
import { masterOf } from "./model/island.ts";
import { runSchedule } from "./schedule.ts";
import type { World } from "./world.ts";

/** What strikes once, at one moment of a story. */
const strikes: Readonly<Record<string, (world: World) => void>> = {
  "the archive's pod": ({ archivePods }) => archivePods.kill(),
  "the archive's node": (world) => {
    world.archivePods.loseNode();
    world.timeline.after(world.random.between(20_000, 120_000), () => world.archivePods.nodesBack());
  },
  "one member": ({ engine }) => {
    const last = engine.largest?.members.at(-1);
    if (last) engine.crash(last);
  },
  "the master": ({ engine }) => {
    const master = engine.largest && masterOf(engine.largest);
    if (master) engine.crash(master);
  },
  "more members than there are backups": ({ engine }) => {
    for (const member of engine.joined.slice(0, 2)) engine.crash(member);
  },
  "all members": ({ engine }) => {
    for (const member of engine.joined) engine.crash(member);
  },
  "the operator": (world) => {
    const process = world.operators.find((operator) => operator.alive);
    if (process) world.crashed(process);
  },
  "a second operator": (world) => {
    const before = world.operators.filter((operator) => operator.alive);
    world.startOperator();
    for (const old of before) world.timeline.after(world.random.between(5_000, 40_000), () => old.kill());
  },
};

/** Whatever is killed, at whatever step of a save or a restore, or right after any write of the operator.
 * @param only strikes of whose name this is a part. */
export async function killLane(seed: number, names: readonly string[], every: number, only = ""): Promise<Lane> {
  const tally = new Tally();
  let turn = 0;
  for (const workload of archiveWorkloads.filter(({ name }) => names.includes(name))) {
    const options = { seed, faults: none, invariants };
    const whole = await runSchedule(workload, { ...options, onMoment: () => {} });
    for (let moment = 0; moment < whole.moments && !tally.full; moment += 1) {
      for (const [what, strike] of Object.entries(strikes)) {
        if (!what.includes(only) || turn++ % every > 0) continue;
        const onMoment = (world: World, now: number) => {
          if (now !== moment) return;
          world.note(`killed: ${what}`);
          strike(world);
        };
        const world = await runSchedule(workload, { ...options, onMoment });
        tally.add(world, workload, seed, none, `${what} at moment ${moment}`);
      }
    }
  }
  return tally;
}
