import type { JetClusterSpec } from "../../api/jet-cluster.ts";
import type { Archive } from "../ledger.ts";
import { mapsWithStore } from "./map-stores.ts";

/** What the members hold of one map as the owners of its entries, as they measure it themselves. */
export interface MapFigures {
  readonly name: string;
  readonly entries: number;
  readonly ownedBytes: number;
}

/** What a stop would have to save. */
export interface StateSize {
  /** About the bytes of keys and values, the state of jobs and the maps of users, each once. Two digits of it count. */
  readonly bytes: number;
  /** Maps with entries that an archive leaves out although nobody asked for it. */
  readonly lacking: readonly LackingMap[];
}

interface LackingMap {
  readonly name: string;
  readonly reason: string;
}

export type StateFacts = ({ readonly known: true } & StateSize) | { readonly known: false; readonly reason: string };

/** What the engine needs beside key and value to keep an entry; measured, see docs/decisions/0024-archive-estimate.md. */
const entryBytes = 100;
const ownMaps = ["__jet.", "__sql."];

/** As `archive save` will decide it: all of the engine's own maps, and users' maps but the excluded and those with a store. */
export function stateSizeOf(maps: readonly MapFigures[], spec: JetClusterSpec): StateSize {
  const excluded = spec.losslessRestart.archive?.maps.exclude ?? [];
  const stores = mapsWithStore(spec);
  let bytes = 0;
  const lacking: LackingMap[] = [];
  for (const { name, entries, ownedBytes } of maps) {
    const own = ownMaps.some((start) => name.startsWith(start));
    if (entries === 0 || (!own && matchesAny(excluded, name))) continue;
    if (!own && matchesAny(stores, name)) lacking.push({ name, reason: "it has a MapStore" });
    else bytes += Math.max(0, ownedBytes - entries * entryBytes);
  }
  return { bytes: roundedUp(bytes), lacking: lacking.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** `*` stands for any characters, also none. */
function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
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
  });
}

/** To two digits, so that what status says of it seldom moves. */
function roundedUp(bytes: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, bytes))) - 1);
  return Math.ceil(bytes / step) * step;
}

const smallBytes = 1_000_000;

/** Whether status is to say it anew: growth below a quarter, and what fits anywhere, is no news. */
export function isNews(before: StateSize, now: StateSize): boolean {
  const names = ({ lacking }: StateSize) => lacking.map(({ name }) => name).join("\n");
  if (names(before) !== names(now)) return true;
  const difference = Math.abs(now.bytes - before.bytes);
  return difference > smallBytes && difference > before.bytes / 4;
}

/** Of a volume's files the file system takes a part. */
const fileSystem = 1.1;

/**
 * Bytes that the archive's volume needs: the generations that are kept and the one that is being written. Until one was
 * saved nothing is known of how well the data can be compressed.
 */
export function neededRoom({ bytes }: StateSize, keep: number, last: Archive | undefined): number {
  return Math.round((keep + 1) * bytes * storedShare(last) * fileSystem);
}

/** What is left of keys and values on the volume, by the last archive; 1 where that is not known. */
function storedShare(last: Archive | undefined): number {
  if (!last?.storedBytes || last.bytes === 0) return 1;
  return Math.min(1, last.storedBytes / last.bytes);
}
