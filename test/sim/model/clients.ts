import type { Engine } from "./engine.ts";
import { type Island, isBecomingPassive } from "./island.ts";
import type { Job } from "./jobs.ts";
import type { Entries } from "./maps.ts";
import { partitionCount } from "./partitions.ts";

/** What clients have been told is done. */
export class Confirmed {
  /** Updates of their map, by partition. */
  submitted = 0;
  readonly updates: number[] = Array.from({ length: partitionCount }, () => 0);

  /** What is left after a loss is all that can be asked for. */
  are(left: Entries | undefined): void {
    const counts = (left?.value ?? []) as (number | undefined)[];
    for (const [partition, count] of counts.entries()) this.updates[partition] = count ?? 0;
  }
}

/** The job of clients that submit it whenever they do not find it: each time another job, of the same name. */
const clientsJob = "clients-job-";

export function jobsOfClients({ jobs }: Island): Job[] {
  return jobs.all().filter(({ id }) => id.startsWith(clientsJob));
}

/** One round of clients that get in: each writes into its map, and some want their job to be there. */
export function clientsGetIn(engine: Engine, confirmed: Confirmed, submitting: boolean): void {
  const island = engine.largest;
  if (island?.state !== "ACTIVE" || isBecomingPassive(island)) return;
  const partition = engine.random.below(partitionCount);
  island.maps.clients[partition] = (island.maps.clients[partition] ?? 0) + 1;
  confirmed.updates[partition] = (confirmed.updates[partition] ?? 0) + 1;
  if (!submitting || jobsOfClients(island).length > 0) return;
  engine.submit({ id: `${clientsJob}${++confirmed.submitted}`, protected: false, autoScaling: true, chunks: 1 });
}
