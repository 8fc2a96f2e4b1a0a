import type { Engine } from "./engine.ts";
import type { Member } from "./member.ts";

/** Time until heartbeats that do not come are noticed, in milliseconds; each side notices for itself. */
const noticed = { low: 5_000, high: 14_000 };

/** The network falls apart: after the heartbeat limit each side goes on alone, if it is still so then. */
export function splitNetwork(engine: Engine, sides: readonly (readonly string[])[]): void {
  engine.network.split(sides);
  engine.timeline.after(engine.random.between(noticed.low, noticed.high), () => {
    if (!engine.network.divided) return;
    for (const island of [...engine.islands]) {
      const groups = new Map<string, Member[]>();
      for (const member of island.members) {
        const key = sides.findIndex((side) => side.includes(member.address)).toString();
        groups.set(key, [...(groups.get(key) ?? []), member]);
      }
      if (groups.size > 1) engine.divide(island, [...groups.values()]);
    }
  });
}

export function healNetwork(engine: Engine): void {
  engine.network.heal();
  engine.watchForOthers();
}
