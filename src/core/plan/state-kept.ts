import { acceptCommand } from "../evidence/accept.ts";
import { nameOfJob } from "../evidence/jobs.ts";
import { archives } from "../evidence/wishes.ts";
import type { Archive } from "../ledger.ts";
import { ledgerOf } from "./evidence.ts";
import type { Gate } from "./gates.ts";

/** Every member of a cluster whose state was lost is new: nothing is done to it until somebody has taken note. */
export const stateKept: Gate = (observation) => {
  const ledger = ledgerOf(observation);
  const lost = ledger?.stateLost;
  if (!lost) return undefined;
  const jobs = lost.jobs.length > 0 ? `; jobs that ran: ${lost.jobs.join(", ")}` : "";
  const archive = archives(observation) ? ledger.archive : undefined;
  const without = `submit the jobs again as they need it, then ${acceptCommand(observation, "lose-data")}`;
  return {
    check: "StateLost",
    observed: `all members were replaced at once (seen ${lost.at}), so what the jobs kept in memory is gone${jobs}`,
    needed: archive ? "somebody to say what it goes on with" : "somebody to take note",
    remedy: archive
      ? `to go on from ${contentOf(archive)}: ${acceptCommand(observation, "restore-archive")}; or, to go on without it, ${without}`
      : without,
  };
};

function contentOf({ generation, at, jobs }: Archive): string {
  const names = jobs.map(nameOfJob).join(", ");
  return `archive ${generation}, saved ${at}, ${names === "" ? "without jobs" : `with the jobs ${names}`}`;
}
