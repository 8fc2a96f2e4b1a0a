import type { JobId } from "../engine/job-id.ts";
import type { DistributedObject } from "../engine/maps.ts";
import type { MapKind } from "./manifest.ts";

export const recordsMap = "__jet.records";
export const executionRecordsMap = "__jet.executionRecords";

/** The two maps that hold a job's snapshots in turn. */
export function snapshotMap(id: JobId, index: number): string {
  return `__jet.snapshot.${id}.${index}`;
}

/** Classes, jars and files that the job was submitted with. */
function resourcesMap(id: JobId): string {
  return `__jet.resources.${id}`;
}

/**
 * Whether a restore makes the map known by name. Not so a job's own maps: the engine deletes those that it knows and whose
 * job it does not know, every few seconds. It makes them known itself when the job starts.
 */
export function isKnownByName(map: string): boolean {
  return !(map.startsWith("__jet.snapshot.") || map.startsWith("__jet.resources."));
}

/** What a user leaves out of the archive, and what cannot be in it. */
export interface Choice {
  /** Names of maps; `*` stands for any characters. The engine's own maps are never left out. */
  readonly exclude: readonly string[];
  /** Names, with `*`, of maps that have a MapStore by the engine's configuration. */
  readonly mapStores: readonly string[];
}

export interface ChosenMap {
  readonly name: string;
  readonly kind: MapKind;
}

export interface LeftOut {
  readonly name: string;
  /** `map`, `queue` … */
  readonly kind: string;
  readonly reason: string;
}

export interface Contents {
  readonly maps: readonly ChosenMap[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Decides what goes into the archive. A job's maps are taken by the job's id, whether the engine lists them or not: it
 * forgets the names of maps that a restore has written until their job has run again.
 */
export function contentsOf(objects: readonly DistributedObject[], jobs: readonly JobId[], choice: Choice): Contents {
  const maps: ChosenMap[] = [
    { name: executionRecordsMap, kind: "executionRecords" },
    { name: recordsMap, kind: "records" },
    ...jobs.flatMap((id) => [
      { name: snapshotMap(id, 0), kind: "snapshot" as const },
      { name: snapshotMap(id, 1), kind: "snapshot" as const },
      { name: resourcesMap(id), kind: "resources" as const },
    ]),
  ];
  const leftOut: LeftOut[] = [];
  const taken = new Set(maps.map(({ name }) => name));
  for (const { service, name } of objects) {
    const kind = kindOf(service);
    if (kind !== "map") {
      if (kind) leftOut.push({ name, kind, reason: "only maps are archived" });
    } else if (!taken.has(name)) {
      const as = mapKindOf(name);
      const reason = as === "user" ? reasonAgainst(name, choice) : undefined;
      if (reason) leftOut.push({ name, kind, reason });
      else if (as) maps.push({ name, kind: as });
    }
  }
  return { maps, leftOut };
}

/** Undefined: of a job that has no record any more; the engine deletes it itself. */
function mapKindOf(name: string): MapKind | undefined {
  if (!isKnownByName(name)) return undefined;
  if (name.startsWith("__sql.")) return "sql";
  if (name.startsWith("__jet.exportedSnapshot.")) return "snapshot";
  return name.startsWith("__jet.") ? "results" : "user";
}

function reasonAgainst(name: string, { exclude, mapStores }: Choice): string | undefined {
  if (exclude.some((pattern) => matches(pattern, name))) return "left out by losslessRestart.archive.maps.exclude";
  if (mapStores.some((pattern) => matches(pattern, name))) {
    return "it has a MapStore: its content is in the store, and writing it back would write into the store";
  }
  return undefined;
}

/** `*` stands for any characters, also none. */
function matches(pattern: string, name: string): boolean {
  const [start = "", ...parts] = pattern.split("*");
  const end = parts.pop();
  if (end === undefined) return pattern === name;
  if (!name.startsWith(start) || !name.endsWith(end) || name.length < start.length + end.length) return false;
  let at = start.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - end.length;
}

/** Kinds of objects that hold something. Topics, executors and id generators hold nothing that a restart could lose. */
const kinds: Readonly<Record<string, string>> = {
  "hz:impl:mapService": "map",
  "hz:impl:queueService": "queue",
  "hz:impl:listService": "list",
  "hz:impl:setService": "set",
  "hz:impl:multiMapService": "multimap",
  "hz:impl:replicatedMapService": "replicated map",
  "hz:impl:ringbufferService": "ringbuffer",
  "hz:impl:cacheService": "cache",
  "hz:impl:PNCounterService": "PN counter",
  "hz:impl:cardinalityEstimatorService": "cardinality estimator",
  "hz:impl:durableExecutorService": "durable executor",
  "hz:impl:scheduledExecutorService": "scheduled executor",
};

function kindOf(service: string): string | undefined {
  return kinds[service];
}
