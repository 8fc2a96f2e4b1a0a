import { jobsOfClients } from "./model/clients.ts";
import type { World } from "./world.ts";

/**
 * How a stop with an archive may end: with all that there was at work again, or stopped with the archive that a start needs,
 * by whatever way it came there.
 */
export function archiveProblem(world: World): string | undefined {
  const { archiveTruth, engine, lossAccepted, ledger } = world;
  const { stopped, lostSince } = archiveTruth;
  if (!stopped || lostSince || lossAccepted) return undefined;
  const island = engine.largest;
  if (!island) {
    if (!ledger) return undefined;
    return ledger.archive && archiveTruth.generationOf(ledger.archive)
      ? undefined
      : `stopped, and archive ${ledger.archive?.generation ?? "none"} is not on the volume, or not good`;
  }
  if (!archiveTruth.released && ledger?.operation) return undefined;
  const gone = stopped.jobs.filter((job) => !island.jobs.get(job.id));
  if (gone.length > 0) return `${gone.map((job) => job.id).join(", ")} did not come back`;
  const resumed = stopped.jobs.filter(
    ({ id, suspendedBy }) => suspendedBy === "person" && island.jobs.get(id)?.status !== "SUSPENDED",
  );
  if (resumed.length > 0) return `${resumed.map((job) => job.id).join(", ")} runs, which its user had suspended`;
  const ofClients = jobsOfClients(island);
  if (ofClients.length > 1) return `clients have ${ofClients.length} jobs of one name`;
  return clientsProblem(world);
}

/** Not one confirmed update of clients is missing, and none is there twice. */
function clientsProblem({ archiveTruth, engine }: World): string | undefined {
  const there = engine.largest?.maps.clients ?? [];
  const wrong = archiveTruth.confirmed.updates.findIndex((count, partition) => there[partition] !== count);
  if (wrong < 0) return undefined;
  return `partition ${wrong} of the clients' map has ${there[wrong]} updates, ${archiveTruth.confirmed.updates[wrong]} were confirmed`;
}
