import type { RestoreTask, SaveTask, Task } from "../../../src/archive/work/arguments.ts";
import { type ArchiveVolume, type StoredGeneration, VolumeError } from "./archive-volume.ts";
import type { Engine } from "./engine.ts";
import { type Island, masterOf } from "./island.ts";
import { lookAtRecords, recordsChanged } from "./job-coordinator.ts";
import { clientsMap, type Entries, executionRecordsMap, recordsMap, snapshotMapOf } from "./maps.ts";
import { isIn } from "./member.ts";

/** The program with one of its rules left out, for seeded mistakes. */
export interface ProgramBend {
  /** Records first, of which the master is told before their execution records are there. */
  readonly recordsFirst?: boolean;
  /** Snapshots by proxy, before their jobs are known. */
  readonly snapshotsFirst?: boolean;
  /** The mark, and what follows from it, before the files are read back. */
  readonly markFirst?: boolean;
  /** Room is made before the new archive is good. */
  readonly pruneFirst?: boolean;
  /** The newest on the volume instead of the one that was noted. */
  readonly takesNewest?: boolean;
  /** Whatever the cluster runs is no reason not to restore into it. */
  readonly intoAnyCluster?: boolean;
  /** Once it was PASSIVE it stays so. */
  readonly looksOnce?: boolean;
  /** What was written is not compared, and the members that it was written to are not looked at again. */
  readonly trustsWrites?: boolean;
}

/** Told of each step before it is made; each may end the program. */
interface ProgramWatcher {
  readonly onStep: (program: ArchiveProgram, step: string) => void;
  readonly onWrite: (program: ArchiveProgram, island: Island, map: string) => void;
}

interface ProgramParts extends ProgramWatcher {
  readonly engine: Engine;
  /** Milliseconds of one step. */
  readonly stepTime: () => number;
  readonly bend: ProgramBend;
}

interface ProgramEnd {
  readonly exitCode: number;
  readonly message: string;
}

/** SIGKILL: nothing more happens, no clean-up either. */
class Killed extends Error {}
/** Something that the program itself gives up for. */
class Refused extends Error {}

const lookMillis = 1_000;
const takeOverMillis = 60_000;

/**
 * What the operator's Job runs, in the order of src/archive/work and src/archive: each read and write is a step of its own, before which
 * anything may happen. A `kill` ends it where it is.
 */
export class ArchiveProgram {
  readonly task: Task;
  readonly volume: ArchiveVolume;
  onReady: () => void = () => {};
  /** The generation that is being restored. */
  restoring: StoredGeneration | undefined;
  /** Neither ended nor killed. */
  alive = true;
  readonly #parts: ProgramParts;
  #aborted = false;

  constructor(task: Task, volume: ArchiveVolume, parts: ProgramParts) {
    this.task = task;
    this.volume = volume;
    this.#parts = parts;
  }

  kill(): void {
    this.alive = false;
  }

  /** SIGTERM. */
  abort(): void {
    this.#aborted = true;
  }

  /** @returns undefined when it was killed. */
  async run(): Promise<ProgramEnd | undefined> {
    try {
      const { task } = this;
      const result = task.does === "save" ? await this.#save(task) : await this.#restore(task);
      this.alive = false;
      return { exitCode: 0, message: JSON.stringify(result) };
    } catch (error) {
      if (error instanceof Killed || !this.alive) return undefined;
      this.alive = false;
      if (error instanceof Refused || error instanceof VolumeError) return { exitCode: 1, message: error.message };
      throw error;
    }
  }

  async #step(name: string, millis = this.#parts.stepTime()): Promise<void> {
    this.#parts.onStep(this, name);
    do await this.#parts.engine.timeline.sleep(millis);
    while (this.volume.stalled);
    if (!this.alive) throw new Killed();
    if (this.#aborted) throw new Refused("terminated");
  }

  async #save(task: SaveTask) {
    const { volume } = this;
    const owner = `${task.owner.namespace}/${task.owner.name}`;
    await this.#step("claims the volume");
    volume.claim(owner);
    await this.#removeInterrupted();
    volume.requireRoom();
    const noted = this.#look().island.jobs.all();
    await this.#step("has noted the jobs");
    this.onReady();
    while (this.#look().island.state !== "PASSIVE") await this.#step("waits for PASSIVE", lookMillis);
    if (this.#parts.bend.pruneFirst) await this.#prune(task.keep - 1);
    await this.#removeInterrupted();
    const generation = volume.create(task.nonce);
    try {
      const manifest = await this.#copy(
        generation,
        noted.map((job) => job.id),
      );
      await this.#step("writes the manifest");
      const digest = volume.complete(generation, manifest);
      if (this.#parts.bend.markFirst) await this.#mark(generation, task.keep);
      await this.#readBack(generation);
      await this.#step("marks it");
      generation.verified = true;
      await this.#prune(task.keep);
      return resultOf(generation, manifest, digest);
    } catch (error) {
      // What is killed cleans up nothing.
      if (this.alive && !generation.verified) volume.remove(generation);
      throw error;
    }
  }

  async #mark(generation: StoredGeneration, keep: number): Promise<void> {
    generation.verified = true;
    await this.#prune(keep);
  }

  async #removeInterrupted(): Promise<void> {
    for (const interrupted of this.volume.generations.filter((each) => !each.manifest)) {
      await this.#step("removes what is no archive");
      this.volume.remove(interrupted);
    }
  }

  async #copy(generation: StoredGeneration, noted: readonly string[]) {
    const before = this.#standingStill();
    const jobs = before.jobs.all();
    for (const { id, status } of jobs) {
      if (status !== "SUSPENDED") throw new Refused(`job ${id} is ${status}, not SUSPENDED`);
      if (!noted.includes(id)) throw new Refused(`job ${id} came after the jobs were noted`);
    }
    const members = namesOf(before);
    for (const map of before.maps.namesFor(jobs)) {
      await this.#step(`copies ${map}`);
      this.volume.write(generation, map, this.#look().island.maps.read(map, this.#look().island.jobs));
    }
    if (!this.#parts.bend.looksOnce) {
      const after = this.#standingStill();
      if (after.clusterId !== before.clusterId || namesOf(after) !== members)
        throw new Refused("the members changed while they were copied");
    }
    for (const job of jobs) {
      const copied = generation.files.get(snapshotMapOf(job))?.size;
      if (job.snapshot && copied !== job.chunks + 1) throw new Refused(`a snapshot of job ${job.id} is not whole`);
    }
    return { clusterId: before.clusterId, version: "5.7.0", jobs: jobs.length };
  }

  async #readBack(generation: StoredGeneration): Promise<void> {
    for (const map of generation.files.keys()) {
      await this.#step(`reads ${map} back`);
      if (generation.damaged) throw new VolumeError(`${map}: damaged`);
    }
  }

  async #prune(keep: number): Promise<void> {
    const [newest] = this.volume.marked;
    const oldest = this.volume.marked[keep - 1];
    const superseded = this.volume.generations.filter((each) => {
      if (!newest || (each.number >= newest.number && keep > 0)) return false;
      return keep === 0 || !each.manifest || !each.verified || (oldest !== undefined && each.number < oldest.number);
    });
    for (const generation of superseded) {
      await this.#step("removes an older one");
      this.volume.remove(generation);
    }
  }

  async #restore(task: RestoreTask) {
    const owner = `${task.owner.namespace}/${task.owner.name}`;
    await this.#step("opens the volume");
    this.volume.check(owner);
    const generation = this.#named(task);
    await this.#readBack(generation);
    this.restoring = generation;
    this.onReady();
    const { bend } = this.#parts;
    const { island } = this.#look();
    if (island.state !== "ACTIVE") throw new Refused(`the cluster is ${island.state}, not ACTIVE`);
    if (island.clusterId === generation.manifest?.clusterId) throw new Refused("the cluster that was archived");
    if (!bend.intoAnyCluster) this.#refuseOtherJobs(generation, island);
    const records = [executionRecordsMap, recordsMap];
    const snapshots = [...generation.files.keys()].filter((map) => map !== clientsMap && !records.includes(map));
    if (bend.snapshotsFirst) for (const map of snapshots) await this.#load(generation, map, true);
    if (bend.recordsFirst) {
      await this.#load(generation, recordsMap, true);
      lookAtRecords(this.#parts.engine, this.#look().island);
    }
    for (const map of records) await this.#load(generation, map, true);
    await this.#takenOver(generation);
    await this.#load(generation, clientsMap, true);
    if (!bend.snapshotsFirst) for (const map of snapshots) await this.#load(generation, map, false);
    const { manifest } = generation;
    return resultOf(generation, manifest, manifest?.digest ?? "");
  }

  #named({ generation: number, nonce, digest }: RestoreTask): StoredGeneration {
    const [newest] = this.volume.good;
    if (this.#parts.bend.takesNewest && newest) return newest;
    const named = this.volume.generations.find((each) => each.number === number && each.nonce === nonce);
    if (!named?.manifest) throw new VolumeError(`generation-${number}-${nonce} is not there`);
    if (named.manifest.digest !== digest) throw new VolumeError(`generation-${number}-${nonce} has another digest`);
    return named;
  }

  #refuseOtherJobs(generation: StoredGeneration, { jobs, maps }: Island): void {
    const archived = recordsIn(generation);
    for (const job of jobs.all()) {
      const before = archived[job.id];
      if (!before) throw new Refused(`there is job ${job.id}, ${job.status}`);
      if (job.status !== "SUSPENDED") throw new Refused(`job ${job.id} is ${job.status}, not SUSPENDED`);
      if (job.snapshot?.id !== before.snapshot?.id) throw new Refused(`job ${job.id} has gone on`);
    }
    const others = Object.keys(maps.executionRecords).filter((id) => !archived[id]);
    if (others.length > 0) throw new Refused(`there is an execution record of job ${others[0]}`);
  }

  async #load(generation: StoredGeneration, map: string, known: boolean): Promise<void> {
    await this.#step(`writes ${map}`);
    const entries = generation.files.get(map);
    const { island } = this.#look();
    if (!entries) return;
    this.#parts.onWrite(this, island, map);
    // Records of jobs that the master has taken over say what they said.
    island.maps.write(map, structuredClone(withoutTaken(map, entries, island)), known);
    recordsChanged(this.#parts.engine, island);
    await this.#step(`compares ${map}`);
    if (this.#parts.bend.trustsWrites) return;
    const found = this.#look().island.maps.read(map, this.#look().island.jobs);
    if (found.size !== entries.size) throw new Refused(`map ${map} has ${found.size} entries after it was written`);
  }

  async #takenOver(generation: StoredGeneration): Promise<void> {
    const ids = Object.keys(recordsIn(generation));
    const { timeline } = this.#parts.engine;
    lookAtRecords(this.#parts.engine, this.#look().island);
    for (const until = timeline.now + takeOverMillis; ; ) {
      const listed = this.#look().island.jobs.all();
      const other = listed.find((job) => !ids.includes(job.id));
      if (other && !this.#parts.bend.intoAnyCluster) throw new Refused(`there is job ${other.id}`);
      const suspended = listed.filter((job) => job.status === "SUSPENDED").map((job) => job.id);
      if (ids.every((id) => suspended.includes(id)) || this.#parts.bend.trustsWrites) return;
      if (timeline.now > until) throw new Refused("not taken over");
      await this.#step("waits for the master", 250);
    }
  }

  #standingStill(): Island {
    const { island } = this.#look();
    if (island.state !== "PASSIVE") throw new Refused(`the cluster is ${island.state}, not PASSIVE`);
    return island;
  }

  /** Every member that was named is asked, and all must be one view of exactly these. */
  #look(): { readonly island: Island } {
    const members = this.task.members.map(({ host }) =>
      this.#parts.engine.members.find((member) => member.address === host && isIn(member)),
    );
    const island = members[0]?.island;
    const same = members.every((member) => member?.island === island && member?.view.length === members.length);
    if (!island || !same || island.members.length !== members.length || !masterOf(island))
      throw new Refused("not exactly these members are one cluster");
    return { island };
  }
}

function resultOf(
  { number, nonce }: StoredGeneration,
  manifest: { readonly clusterId: string; readonly version: string; readonly jobs: number } | undefined,
  digest: string,
) {
  const { clusterId = "", version = "", jobs = 0 } = manifest ?? {};
  return { generation: number, nonce, digest, clusterId, version, entries: 1, bytes: 1, jobs };
}

type Records = Readonly<Record<string, { readonly snapshot: { readonly id: number } | undefined }>>;

export function recordsIn({ files }: StoredGeneration): Records {
  return (files.get(executionRecordsMap)?.value ?? {}) as Records;
}

function withoutTaken(map: string, entries: Entries, { jobs }: Island): Entries {
  if (map === recordsMap)
    return { ...entries, value: (entries.value as string[]).filter((id) => jobs.get(id) === undefined) };
  if (map !== executionRecordsMap) return entries;
  const all = Object.entries(entries.value as Records);
  return { ...entries, value: Object.fromEntries(all.filter(([id]) => jobs.get(id) === undefined)) };
}

function namesOf({ members }: Island): string {
  return members.map((member) => member.uuid).join(" ");
}
