import type { Manifest } from "../manifest.ts";
import { printable, sizeText, table } from "./text.ts";

/** @param digest of the manifest's file. */
export function showText(manifest: Manifest, digest: string): string {
  const { generation, engine, cluster, createdAt, jobs, maps, notArchived } = manifest;
  const facts = table([
    ["Generation", `${generation.number}-${generation.nonce}`],
    ["Created", createdAt],
    ["Engine", printable(engine.version)],
    ["Cluster", `${printable(cluster.name)}, id ${printable(cluster.id)}, JetCluster uid ${printable(cluster.uid)}`],
    ["Members", `${cluster.formedSize}, ${cluster.partitionCount} partitions`],
    ["Manifest", `sha256:${digest}`],
  ]);
  return [
    facts,
    section("JOB", ["NAME", "BEFORE THE STOP", "QUORUM"], jobs.map(jobRow)),
    section("MAP", ["KIND", "ENTRIES", "SIZE", "ON DISK", "FILES"], maps.map(mapRow)),
    section(
      "NOT ARCHIVED",
      ["KIND", "REASON"],
      notArchived.map(({ name, kind, reason }) => [name, kind, reason].map(printable)),
    ),
  ].join("\n");
}

function section(name: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? `${name}  none\n` : table([[name, ...columns], ...rows]);
}

function jobRow({ id, name, statusBefore, protected: isProtected, quorum }: Manifest["jobs"][number]): string[] {
  return [id, name ?? "", statusBefore, isProtected ? `${quorum} members` : "not protected"].map(printable);
}

function mapRow({ name, kind, entries, bytes, files }: Manifest["maps"][number]): string[] {
  const stored = files.reduce((all, file) => all + file.storedBytes, 0);
  return [printable(name), kind, String(entries), sizeText(bytes), sizeText(stored), String(files.length)];
}
