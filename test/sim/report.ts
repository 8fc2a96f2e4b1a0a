import type { Failure, Lane } from "./lanes.ts";

/** The end of a failed schedule's story, in lines. */
const traceLines = 60;

/** What it takes to see a failure again, and the last that happened before it. */
export function describeFailure({ workload, seed, faults, write, world }: Failure): string {
  const { violation, trace } = world;
  return [
    `"${workload}", seed ${seed}${write === "" ? "" : `, ${write}`}, faults: ${[...faults].join(", ") || "none"}`,
    `${violation?.invariant} after ${Math.round((violation?.at ?? 0) / 1000)} virtual seconds: ${violation?.detail}`,
    ...trace.slice(-traceLines).map((line) => `  ${line.slice(0, 240)}`),
  ].join("\n");
}

export function describeLane(name: string, lane: Lane, millis: number): string {
  const rate = Math.round(lane.schedules / (millis / 1000));
  return `${name}: ${lane.schedules} schedules in ${Math.round(millis / 1000)} s (${rate} a second), ${lane.failures.length} failed`;
}
