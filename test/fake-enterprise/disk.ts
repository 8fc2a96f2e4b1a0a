import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { everybody, type Facts, factsSchema, type Job } from "./facts.ts";

/** A member's own part of a job's snapshots, by id of the snapshot: the last two, as the engine has two maps a job. */
const shares = z.record(z.string(), z.record(z.string(), z.int()));
export type Shares = z.output<typeof shares>;

export interface Saved {
  readonly uuid: string;
  readonly facts: Facts;
  readonly shares: Shares;
}

/**
 * The member's directory below the base directory: `<uuid>/cluster/…` says who belongs to the cluster and which jobs
 * there are, `<uuid>/s00/…` has this member's part of the jobs' state, and nobody else's: without it the whole is lost.
 */
export class Disk {
  readonly #baseDir: string;

  constructor(baseDir: string) {
    this.#baseDir = baseDir;
  }

  /** @returns undefined for an empty volume. @throws Error for one with content that is none of ours. */
  read(): Saved | undefined {
    mkdirSync(this.#baseDir, { recursive: true });
    const [uuid] = readdirSync(this.#baseDir).filter((name) => /^[0-9a-f-]{36}$/.test(name));
    if (uuid === undefined) return undefined;
    const json = (file: string): unknown => JSON.parse(readFileSync(join(this.#baseDir, uuid, file), "utf8"));
    return { uuid, facts: factsSchema.parse(json(files.facts)), shares: shares.parse(json(files.shares)) };
  }

  /** Replaces what was there, each file at once. */
  write(uuid: string, facts: Facts): void {
    const before = this.read();
    const kept = before?.uuid === uuid && before.facts.listVersion === facts.listVersion ? before.shares : {};
    this.#replace(uuid, files.shares, nextShares(kept, uuid, facts));
    this.#replace(uuid, files.facts, facts);
    this.#replace(uuid, files.state, facts.state);
  }

  wipe(): void {
    for (const name of readdirSync(this.#baseDir)) rmSync(join(this.#baseDir, name), { recursive: true });
  }

  #replace(uuid: string, file: string, content: unknown): void {
    const path = join(this.#baseDir, uuid, file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(`${path}.new`, typeof content === "string" ? content : JSON.stringify(content));
    renameSync(`${path}.new`, path);
  }
}

const files = { facts: "cluster/members.json", state: "cluster/cluster-state.txt", shares: "s00/value.json" };

function nextShares(before: Shares, uuid: string, facts: Facts): Shares {
  return Object.fromEntries(
    facts.jobs.flatMap((job) => {
      if (!job.snapshot) return [];
      const { id } = job.snapshot;
      const older = Object.entries(before[job.id] ?? {}).filter(([old]) => Number(old) === id - 1);
      return [[job.id, { ...Object.fromEntries(older), [id]: shareOf(job.snapshot.value, uuid, facts) }]];
    }),
  );
}

/** The count, divided over everybody; the first has the rest. Shares of a member that is missing stay as they are on its volume. */
function shareOf(value: number, uuid: string, facts: Facts): number {
  const all = everybody(facts);
  const each = Math.floor(value / all.length);
  return all[0] === uuid ? value - each * (all.length - 1) : each;
}

/**
 * The job's state put together from all members' parts: the newest snapshot of which every part is there.
 * @throws Error when there is none: a member's volume is from another time.
 */
export function assembled(job: Job, parts: readonly Shares[]): Job {
  const { snapshot } = job;
  if (!snapshot) return job;
  for (const id of [snapshot.id, snapshot.id - 1]) {
    const found = parts.map((part) => part[job.id]?.[String(id)]);
    if (!found.every((part) => part !== undefined)) continue;
    const value = found.reduce((sum, part) => sum + part, 0);
    return { ...job, snapshot: { ...snapshot, id, value } };
  }
  throw new Error(`State for job '${job.name ?? job.id}' is corrupted: parts of its last snapshots are missing`);
}
