import type { Engine } from "./engine.ts";
import type { Island } from "./island.ts";

/** The master looks at records, and cleans up what belongs to none, this often. */
const scanMillis = 5_000;

/** A start attempt of all that wait for one. A job that was restored needs its snapshot in the cluster. */
export function startDue(engine: Engine, island: Island): void {
  const started = island.jobs.start(island.members.length, (job) => !job.restored || island.maps.hasSnapshotOf(job));
  for (const job of started) {
    engine.onJobStart(job, island);
    job.restored = false;
    island.maps.started(job);
  }
}

/** Somebody wrote into the maps past the engine: at its next scan the master finds what it can see of it. */
export function recordsChanged(engine: Engine, island: Island): void {
  if (island.scanning) return;
  island.scanning = true;
  const { timeline } = engine;
  timeline.after(scanMillis - ((timeline.now - island.since) % scanMillis), () => {
    island.scanning = false;
    if (!engine.islands.includes(island)) return;
    if (island.state === "ACTIVE") {
      lookAtRecords(engine, island);
      island.maps.cleanUp(island.jobs);
    }
    if (island.maps.untaken.length > 0) recordsChanged(engine, island);
  });
}

/**
 * Makes a job of each record: as its execution record says, and without one a new job, which starts from nothing (seen on
 * real engines). At once for those that the master was told of.
 */
export function lookAtRecords(engine: Engine, island: Island): void {
  if (island.state !== "ACTIVE") return;
  const { maps, jobs } = island;
  for (const id of maps.untaken) {
    const record = maps.executionRecords[id];
    if (record) jobs.takeOver(record);
    else jobs.submit({ id, protected: false, autoScaling: true, chunks: 1 }, island.members.length);
    maps.taken(id);
  }
  engine.startJobs(island);
}
