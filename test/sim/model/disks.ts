import type { ClusterState } from "../../../src/core/evidence/observation.ts";
import type { Island } from "./island.ts";
import { Jobs } from "./jobs.ts";
import { PartitionTable } from "./partitions.ts";

/** What all members of an island have on their volumes alike: who they are, and all they hold. */
export interface Saved {
  readonly clusterId: string;
  readonly state: ClusterState;
  /** UUIDs; a start waits for all of them (FULL_RECOVERY_ONLY). */
  readonly members: readonly string[];
  readonly table: PartitionTable;
  readonly jobs: Jobs;
}

interface Disk {
  readonly uuid: string;
  saved: Saved;
}

/** Members' volumes, by uid of their claim: a claim that is made again is another, empty disk. */
export class Disks {
  readonly #disks = new Map<string, Disk>();

  of(claimUid: string | undefined): Disk | undefined {
    return claimUid === undefined ? undefined : this.#disks.get(claimUid);
  }

  /**
   * Members keep their volumes up to date. One that leaves an ACTIVE cluster is forgotten by the others; in any other
   * state it is remembered as missing (engine.md §3).
   */
  save(island: Island): void {
    const saved: Saved = {
      clusterId: island.clusterId,
      state: island.state,
      members: island.members.map((member) => member.uuid),
      table: island.table,
      jobs: island.jobs,
    };
    for (const { claimUid, uuid } of island.members) {
      if (claimUid !== undefined) this.#disks.set(claimUid, { uuid, saved });
    }
  }

  /** A start from volumes has its own copy: a second one would find what the first left. */
  static restored({ table, jobs }: Saved, backups: number, now: () => number): { table: PartitionTable; jobs: Jobs } {
    const restored = new Jobs(now, jobs);
    for (const job of restored.all()) if (job.status !== "SUSPENDED") job.status = "NOT_RUNNING";
    restored.masterGone();
    return { table: new PartitionTable(backups, table), jobs: restored };
  }
}
