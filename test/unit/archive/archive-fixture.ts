import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completeGeneration, createGeneration } from "../../../src/archive/generations.ts";
import { restoreInto, type VerifiedGeneration } from "../../../src/archive/restore.ts";
import { copyFrom, type SaveRequest } from "../../../src/archive/save.ts";
import { type JobId, parseJobId } from "../../../src/engine/job-id.ts";
import { longData } from "../../../src/engine/protocol/data.ts";
import { executionRecord, FakeCluster } from "./fake-cluster.ts";

export const ran = "0000-0000-0000-0001";
export const rested = "0000-0000-0000-0002";
export const stranger = "0000-0000-0000-0009";

const chunks = 20;

/** As many entries as wanted, with keys and values of their own. */
export function someEntries(count: number, first = 0) {
  return Array.from({ length: count }, (_, index) => {
    return { key: longData(BigInt(first + index)), value: Buffer.from(`value ${first + index}`) };
  });
}

export function addRecord(cluster: FakeCluster, id: JobId): void {
  cluster.put("__jet.records", [{ key: longData(parseJobId(id)), value: Buffer.from(`record ${id}`) }]);
}

/** Two suspended jobs with snapshots and a jar, one of them unknown by its maps' names, and two maps of users. */
export function stoppedCluster(): FakeCluster {
  const cluster = new FakeCluster("old", "PASSIVE");
  for (const name of ["__jet.records", "__jet.executionRecords", "orders", "empty", "__jet.results"]) {
    cluster.proxies.add(name);
  }
  for (const id of [ran, rested]) {
    addRecord(cluster, id);
    cluster.put("__jet.executionRecords", [executionRecord(id, 5, chunks, id === ran ? 3 : 0)]);
    cluster.put(`__jet.snapshot.${id}.0`, someEntries(chunks + 1));
    cluster.put(`__jet.resources.${id}`, someEntries(2));
  }
  cluster.proxies.add(`__jet.snapshot.${ran}.0`);
  cluster.put("orders", someEntries(1_200));
  cluster.put("__jet.results", someEntries(3));
  cluster.open();
  return cluster;
}

export function copyRequest(more: Partial<SaveRequest> = {}): SaveRequest {
  return {
    cluster: { clusterName: "orders", members: [] },
    uid: "c0ffee00-0000-4000-8000-000000000001",
    formedSize: 3,
    noted: [
      { id: ran, status: "RUNNING" },
      { id: rested, status: "SUSPENDED" },
    ],
    choice: { exclude: [], mapStores: [] },
    streams: 3,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...more,
  };
}

/** A directory that stands for a volume, gone when it is disposed of. */
export function temporaryVolume(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "jet-archive-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export async function archiveOf(cluster: FakeCluster, volume: string): Promise<VerifiedGeneration> {
  const generation = await createGeneration(volume);
  const manifest = await copyFrom(cluster.open(), copyRequest(), generation);
  await completeGeneration(generation, manifest);
  return { directory: generation.directory, manifest };
}

export function load(
  cluster: FakeCluster,
  archive: VerifiedGeneration,
  more: { readonly mostQuorum?: number } = {},
): Promise<void> {
  const request = { streams: 3, signal: new AbortController().signal, onProgress: () => {}, ...more };
  return restoreInto(cluster.open(), request, archive);
}
