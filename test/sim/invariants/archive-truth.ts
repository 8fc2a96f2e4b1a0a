import type { Archive } from "../../../src/core/ledger.ts";
import { resources } from "../../../src/kube/objects.ts";
import type { Commit } from "../model/api-server.ts";
import type { ArchiveVolume, StoredGeneration } from "../model/archive-volume.ts";
import { Confirmed } from "../model/clients.ts";
import type { Island } from "../model/island.ts";
import type { Job } from "../model/jobs.ts";
import { clientsMap, type Entries } from "../model/maps.ts";
import { replicasOf } from "../model/stateful-set-controller.ts";
import { clusterName, ledgerIn, type World } from "../world.ts";
import { byOperator } from "./invariant.ts";

/** All that a cluster held when its members were told to stop with an archive: what a start must bring back. */
export interface Stopped {
  readonly clusterId: string;
  readonly jobs: readonly Job[];
  readonly maps: ReadonlyMap<string, Entries>;
  /** A user's suspension asked for before this counts as the user's. */
  readonly operationSince: number;
}

/** What is the case with archives in the models, whatever the operator believes. */
export class ArchiveTruth {
  /** Of the last stop that an archive was to keep everything of. */
  stopped: Stopped | undefined;
  /** Since that stop jobs were let go on, or clients in: the archive is not all that there is any more. */
  released = false;
  /** And after that the cluster, or part of its data, was lost without any stop. */
  lostSince = false;
  /** What the cluster holds since it stands still; and since when it does not any more. */
  standing: Stopped | undefined;
  stoodUntil: number | undefined;
  readonly confirmed = new Confirmed();
  readonly #world: World;
  #losses = 0;

  constructor(world: World) {
    this.#world = world;
  }

  resumed(): void {
    if (this.#world.ledger?.operation?.kind === "Start") this.#release();
  }

  #release(): void {
    if (this.released) return;
    this.released = true;
    this.lostSince ||= this.lostJustNow;
  }

  committed(commit: Commit): void {
    if (!byOperator(commit)) return;
    if (commit.resource === resources.services && opensGate(commit)) this.#release();
    // From here on a person decides, and is told so.
    if (ledgerIn(commit.object)?.stateLost) this.lostSince = true;
    if (!newlyNamed(commit) || !letsAllGo(commit)) return;
    this.stopped = this.standing;
    this.released = false;
    this.lostSince = false;
    // What was lost before this stop is not this stop's.
    if (this.#world.engine.losses.length > 0) this.confirmed.are(this.stopped?.maps.get(clientsMap));
  }

  look(): void {
    this.#lookAtStanding();
    const { engine, statefulSet } = this.#world;
    if (!this.released) this.#losses = engine.losses.length;
    if (!this.released || this.lostSince) return;
    const gone = engine.islands.length === 0 && replicasOf(statefulSet) > 0;
    this.lostSince = gone || engine.losses.length > this.#losses;
  }

  /** Lost a moment ago: an operator that acts now cannot know. */
  get lostJustNow(): boolean {
    const { engine, truth } = this.#world;
    return truth.recently(engine.losses.at(-1)?.at ?? Number.NEGATIVE_INFINITY);
  }

  /** Nothing changes in a PASSIVE cluster but that its members may die. */
  #lookAtStanding(): void {
    const { engine, timeline, truth } = this.#world;
    const [island, ...others] = engine.islands;
    const stands = island?.state === "PASSIVE" && others.length === 0;
    if (!stands) {
      if (this.standing) this.stoodUntil ??= timeline.now;
      return;
    }
    if (this.standing?.clusterId === island.clusterId && this.stoodUntil === undefined) return;
    const jobs = island.jobs.all();
    this.stoodUntil = undefined;
    this.standing = {
      clusterId: island.clusterId,
      jobs: jobs.map((job) => ({ ...job })),
      maps: new Map(island.maps.namesFor(jobs).map((map) => [map, copyOf(island, map)])),
      operationSince: truth.operationSince,
    };
  }

  /** The volume that the cluster's claim stands for now. */
  get volume(): ArchiveVolume | undefined {
    const uid = this.#world.api.get(resources.persistentVolumeClaims, `${clusterName}-archive`)?.metadata.uid;
    return uid === undefined ? undefined : this.#world.volumeOf(uid);
  }

  /** The archive's generation, good and the very one that is named. */
  generationOf({ generation, nonce, digest }: Archive): StoredGeneration | undefined {
    return this.volume?.good.find(
      (each) => each.number === generation && each.nonce === nonce && each.manifest?.digest === digest,
    );
  }

  /** What of the last stop is not in this island, in words. */
  lackingIn(island: Island): string[] {
    if (!this.stopped) return [];
    const { jobs, maps } = this.stopped;
    const gone = jobs.filter((job) => !island.jobs.get(job.id)).map((job) => `job ${job.id}`);
    const missing = [...maps].flatMap(([map, entries]) =>
      JSON.stringify(comparable(copyOf(island, map))) === JSON.stringify(comparable(entries)) ? [] : [`map ${map}`],
    );
    return [...gone, ...missing];
  }
}

export function letsAllGo({ before, object }: Commit): boolean {
  return replicasOf(before) > 0 && replicasOf(object) === 0;
}

/** The archive that this very write names for the first time, or anew where the ledger was lost. */
export function newlyNamed(commit: Commit): Archive | undefined {
  if (!byOperator(commit) || commit.resource !== resources.statefulSets) return undefined;
  const [before, after] = [ledgerIn(commit.before), ledgerIn(commit.object)];
  const archive = after?.archive;
  return archive && archive.nonce !== before?.archive?.nonce ? archive : undefined;
}

export function opensGate({ object }: Commit): boolean {
  return (object.spec as { selector?: unknown } | undefined)?.selector === "open";
}

function copyOf(island: Island, map: string): Entries {
  return structuredClone(island.maps.read(map, island.jobs));
}

/** Records differ in what a restore changes of them: when, and by whom they were last touched. */
function comparable({ size, value }: Entries): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { size, value };
  const records = Object.entries(value)
    .map(([id, record]) => `${id}: ${idOf(record)}`)
    .sort();
  return { size, records };
}

function idOf(record: unknown): unknown {
  if (typeof record !== "object" || record === null) return record;
  return (record as { snapshot?: { id?: number } }).snapshot?.id ?? "none";
}
