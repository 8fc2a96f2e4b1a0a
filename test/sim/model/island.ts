import type { ClusterState } from "../../../src/core/evidence/observation.ts";
import type { Jobs } from "./jobs.ts";
import type { Maps } from "./maps.ts";
import { isIn, type Member } from "./member.ts";
import type { PartitionTable } from "./partitions.ts";

/** Members that form one cluster: all of them, or those of one side of a split. */
export interface Island {
  readonly id: number;
  /** Made by the first master, kept through splits. */
  readonly clusterId: string;
  /** In join order; the first is the master. */
  members: Member[];
  state: ClusterState;
  readonly table: PartitionTable;
  readonly jobs: Jobs;
  readonly maps: Maps;
  readonly since: number;
  /** UUIDs of those that left in a state in which nobody new may join: they may come back. */
  readonly missing: Set<string>;
  /** Of whom PASSIVE was asked, while it waits for the jobs' last snapshots. Only another set of members calls it back. */
  becomingPassive: readonly Member[] | undefined;
  /** The next start attempt of jobs is scheduled. */
  starting: boolean;
  /** The next look at what was written past the engine is scheduled. */
  scanning: boolean;
  /** A move of partitions is scheduled. */
  moving: boolean;
}

/** PASSIVE is on its way: whoever joins or leaves meanwhile reverts it (engine.md, states). */
export function isBecomingPassive({ becomingPassive: asked, members }: Island): boolean {
  return asked?.length === members.length && members.every((member, index) => member === asked[index]);
}

export function masterOf(island: Island): Member | undefined {
  return island.members[0];
}

/** Members that may hold partitions: those that do not leave. */
export function stayingIn(island: Island): string[] {
  return island.members.filter((member) => member.phase === "joined").map((member) => member.uuid);
}

export function movesLeft(island: Island): number {
  return island.state === "ACTIVE" ? island.table.outOfPlace(stayingIn(island)).length : 0;
}

export function isSafe(island: Island): boolean {
  return island.members.every(isIn) && island.table.outOfPlace(stayingIn(island)).length === 0;
}
