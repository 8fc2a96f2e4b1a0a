import { createHash } from "node:crypto";
import type { Entries } from "./maps.ts";

/** One save: a directory of its own. */
export interface StoredGeneration {
  readonly number: number;
  readonly nonce: string;
  /** The files of entries, by map. */
  readonly files: Map<string, Entries>;
  /** Without one it is no archive. */
  manifest: StoredManifest | undefined;
  /** It was read back after it was written. */
  verified: boolean;
  /** A file is not what was written. */
  damaged: boolean;
}

export interface StoredManifest {
  readonly clusterId: string;
  readonly version: string;
  readonly jobs: number;
  readonly digest: string;
}

/** What a step of the program on the volume failed with. */
export class VolumeError extends Error {}

/** The archive's volume: it stays what it is while its claim exists, whoever is killed. */
export class ArchiveVolume {
  generations: StoredGeneration[] = [];
  owner: string | undefined;
  /** No room: the next file fails. */
  full = false;
  /** It does not answer: whoever reads or writes waits. */
  stalled = false;
  /** The next file that is written is damaged on its way. */
  damagesNext = false;
  /** Told of each generation that is about to go. */
  readonly #onRemove: (generation: StoredGeneration) => void;

  constructor(onRemove: (generation: StoredGeneration) => void) {
    this.#onRemove = onRemove;
  }

  claim(owner: string): void {
    this.owner ??= owner;
    this.check(owner);
  }

  check(owner: string): void {
    if (this.owner !== owner) throw new VolumeError(`the volume is of ${this.owner ?? "nobody"}, not of ${owner}`);
  }

  requireRoom(): void {
    if (this.full) throw new VolumeError("no space left on device");
  }

  create(nonce: string): StoredGeneration {
    const number = Math.max(0, ...this.generations.map((each) => each.number)) + 1;
    const made = { number, nonce, files: new Map(), manifest: undefined, verified: false, damaged: false };
    this.generations.push(made);
    return made;
  }

  write(generation: StoredGeneration, map: string, entries: Entries): void {
    this.requireRoom();
    generation.files.set(map, structuredClone(entries));
    if (this.damagesNext) generation.damaged = true;
    this.damagesNext = false;
  }

  complete(generation: StoredGeneration, manifest: Omit<StoredManifest, "digest">): string {
    const { number, nonce, files } = generation;
    const text = JSON.stringify([number, nonce, manifest, [...files]]);
    const digest = createHash("sha256").update(text).digest("hex");
    generation.manifest = { ...manifest, digest };
    return digest;
  }

  /** The manifest goes first: what is left then is no archive. */
  remove(generation: StoredGeneration): void {
    if (!this.generations.includes(generation)) return;
    this.#onRemove(generation);
    this.generations = this.generations.filter((other) => other !== generation);
  }

  /** Newest first. */
  get good(): StoredGeneration[] {
    const good = this.generations.filter((each) => each.manifest && each.verified && !each.damaged);
    return good.sort((a, b) => b.number - a.number);
  }

  /** What a save finds good, by what it can know: a mark that fits. */
  get marked(): StoredGeneration[] {
    return this.generations.filter((each) => each.manifest && each.verified).sort((a, b) => b.number - a.number);
  }
}
