import { Counters } from "./counters.ts";
import { type Faults, none, randomHalf } from "./faults.ts";
import { invariants } from "./invariants/all.ts";
import type { Fate } from "./model/client.ts";
import { createRandom } from "./model/random.ts";
import type { Mutant } from "./mutants.ts";
import { runSchedule } from "./schedule.ts";
import { type Workload, workloads } from "./workloads.ts";
import type { World } from "./world.ts";

/** A schedule whose end was bad, with all that it takes to see it again. */
export interface Failure {
  readonly workload: string;
  readonly seed: number;
  readonly faults: Faults;
  readonly write: string;
  readonly world: World;
}

export interface Lane {
  readonly schedules: number;
  readonly counters: Counters;
  readonly failures: readonly Failure[];
}

/** Stops a lane that finds one failure after the other. */
const enough = 5;

export class Tally {
  schedules = 0;
  readonly counters = new Counters();
  readonly failures: Failure[] = [];

  add(world: World, workload: Workload, seed: number, faults: Faults, write = ""): void {
    this.schedules += 1;
    this.counters.merge(world.counters);
    if (world.violation) this.failures.push({ workload: workload.name, seed, faults, write, world });
  }

  get full(): boolean {
    return this.failures.length >= enough;
  }
}

/** Each story once without any fault. */
export async function calmLane(seed: number): Promise<Lane> {
  const tally = new Tally();
  for (const workload of workloads) {
    if (tally.full) break;
    tally.add(await runSchedule(workload, { seed, faults: none, invariants }), workload, seed, none);
  }
  return tally;
}

const moments = ["crash-before", "crash-after", "response-lost"] as const;

/**
 * Sieve's rule: the operator ends at every single write of a story, before it, after it, or without hearing of it.
 * @param every only each n-th write, to save time.
 * @param each how many of these three moments are tried at each write; one: they take turns.
 */
export async function crashLane(seed: number, stories: readonly Workload[], each: 1 | 3, every = 1): Promise<Lane> {
  const tally = new Tally();
  for (const workload of stories) {
    const whole = await runSchedule(workload, { seed, faults: none, invariants });
    for (let write = 0; write < whole.writesBeforeRest && !tally.full; write += every) {
      for (const moment of each === 3 ? moments : [moments[write % 3] ?? "crash-before"]) {
        const fateOf = (index: number): Fate => (index === write ? moment : "ok");
        const world = await runSchedule(workload, { seed, faults: none, invariants, fateOf });
        tally.add(world, workload, seed, none, `${moment} at write ${write}`);
      }
    }
  }
  return tally;
}

/** Random stories under a random half of all faults: one for each seed, or fewer when the time is over. */
export async function stormLane(firstSeed: number, seeds: number, isOver: () => boolean): Promise<Lane> {
  const tally = new Tally();
  for (let seed = firstSeed; seed < firstSeed + seeds && !isOver() && !tally.full; seed += 1) {
    const random = createRandom(seed * 7_919 + 13);
    const faults = randomHalf(random);
    const workload = random.pick(workloads);
    tally.add(await runSchedule(workload, { seed, faults, invariants }), workload, seed, faults);
  }
  return tally;
}

/** The invariant that catches the mutant, or undefined when it survives every story that is meant for it. */
export async function caughtBy(mutant: Mutant, rounds: number): Promise<string | undefined> {
  const stories = workloads.filter((workload) => mutant.workloads.some((word) => workload.name.includes(word)));
  if (stories.length === 0) throw new RangeError(`mutant "${mutant.name}": no workload is named like that`);
  for (let seed = 1; seed <= rounds; seed += 1) {
    for (const workload of stories) {
      const faults = seed === 1 ? none : randomHalf(createRandom(seed * 31 + 7));
      const world = await runSchedule(workload, { seed, faults, invariants, ...pick(mutant) });
      if (world.violation) return `${world.violation.invariant} (${workload.name}, seed ${seed})`;
    }
  }
  return undefined;
}

function pick({ plan, client, program }: Mutant) {
  return { ...(plan && { plan }), ...(client && { client }), ...(program && { program }) };
}
