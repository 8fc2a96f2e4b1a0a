import type { Commit } from "../model/api-server.ts";
import type { ArchiveProgram } from "../model/archive-program.ts";
import type { ArchiveVolume, StoredGeneration } from "../model/archive-volume.ts";
import type { WriteCall } from "../model/client.ts";
import type { Island } from "../model/island.ts";
import type { Job } from "../model/jobs.ts";
import type { World } from "../world.ts";

/** A rule that must hold on the ground truth of the models, whatever the operator believes. Each gives what broke it. */
export interface Invariant {
  /** As reliability has it: I1 … I20, L1 … L6. */
  readonly id: string;
  readonly says: string;
  /** After every event. */
  readonly holds?: (world: World) => string | undefined;
  /** For each write that an operator sends, as it is sent. */
  readonly asked?: (world: World, call: WriteCall) => string | undefined;
  /** For each change that the API server took. */
  readonly committed?: (world: World, commit: Commit) => string | undefined;
  /** For each job that an operator lets go on, before it does. */
  readonly resumed?: (world: World, job: Job, island: Island) => string | undefined;
  /** For each job that begins to run, before it changes anything. */
  readonly started?: (world: World, job: Job, island: Island) => string | undefined;
  /** At each step of a program on the archive's volume, before it is made. */
  readonly stepped?: (world: World, program: ArchiveProgram) => string | undefined;
  /** For each map that a restore is about to write. */
  readonly restored?: (world: World, program: ArchiveProgram, island: Island, map: string) => string | undefined;
  /** For each generation that is about to be removed. */
  readonly removed?: (world: World, generation: StoredGeneration, volume: ArchiveVolume) => string | undefined;
}

export function byOperator(commit: Commit): boolean {
  return commit.author.startsWith("operator-");
}
