import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  completeGeneration,
  createGeneration,
  type Generation,
  markVerified,
} from "../../../src/archive/generations.ts";
import type { Manifest } from "../../../src/archive/manifest.ts";
import { claimVolume } from "../../../src/archive/volume.ts";
import { manifestOf } from "./manifest-fixture.ts";
import { entry, writeMapFile } from "./map-files.ts";

export const owner = { namespace: "demo", name: "orders" };

let volumes = 0;

/** An empty directory with its owner written. */
export async function freshVolume(parent: string): Promise<string> {
  const volume = join(parent, `volume-${volumes++}`);
  mkdirSync(volume);
  await claimVolume(volume, owner);
  return volume;
}

export interface Saved extends Generation {
  readonly manifest: Manifest;
  readonly digest: string;
}

/** A whole generation. */
export async function save(volume: string, { verified = true }: { verified?: boolean } = {}): Promise<Saved> {
  const generation = await createGeneration(volume);
  const manifest = await writeMaps(generation);
  const digest = await completeGeneration(generation, manifest);
  if (verified) await markVerified(generation, digest);
  return { ...generation, manifest, digest };
}

/** A map in two files, one in one, and an empty one. */
export async function writeMaps(generation: Generation): Promise<Manifest> {
  const maps = [
    await savedMap(generation, { name: "__jet.records", kind: "records" }, [["job"]]),
    await savedMap(generation, { name: "prices", kind: "user" }, [["a", "b"], ["c"]]),
    await savedMap(generation, { name: "empty", kind: "user" }, []),
  ];
  const { number, nonce } = generation;
  return manifestOf({ generation: { number, nonce }, maps });
}

let maps = 0;

async function savedMap(
  { directory, nonce }: Generation,
  { name, kind }: Pick<Manifest["maps"][number], "name" | "kind">,
  streams: readonly (readonly string[])[],
): Promise<Manifest["maps"][number]> {
  const index = String(maps++).padStart(4, "0");
  const files: Manifest["maps"][number]["files"] = [];
  for (const [stream, keys] of streams.entries()) {
    const path = `${index}-${stream}.entries`;
    const header = { nonce, map: name };
    const entries = keys.map((key) => entry(key, `value of ${key}`));
    files.push({ path, ...(await writeMapFile(join(directory, path), entries, { header })) });
  }
  const sum = (field: "entries" | "bytes") => files.reduce((all, file) => all + file[field], 0);
  return { name, kind, entries: sum("entries"), bytes: sum("bytes"), files };
}
