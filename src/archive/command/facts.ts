import type { FoundGeneration } from "../generations.ts";
import type { Manifest } from "../manifest.ts";

/** A generation in a line, for people and programs. */
export interface GenerationFacts {
  readonly number: number;
  readonly nonce: string;
  /** `complete`: every file is there, but it was not read back after it was written. */
  readonly state: "verified" | "complete" | "interrupted" | "unreadable";
  readonly problem?: string;
  readonly content?: {
    readonly createdAt: string;
    readonly engineVersion: string;
    readonly clusterName: string;
    readonly formedSize: number;
    readonly jobs: number;
    readonly maps: number;
    readonly entries: number;
    /** Of keys and values. */
    readonly bytes: number;
    /** On the volume. */
    readonly storedBytes: number;
  };
}

export function factsOf({ number, nonce, content }: FoundGeneration): GenerationFacts {
  if (content.kind === "interrupted") return { number, nonce, state: "interrupted" };
  if (content.kind === "unreadable") return { number, nonce, state: "unreadable", problem: content.error.message };
  const { manifest, verified } = content;
  return { number, nonce, state: verified ? "verified" : "complete", content: totalsOf(manifest) };
}

function totalsOf({ createdAt, engine, cluster, jobs, maps }: Manifest): NonNullable<GenerationFacts["content"]> {
  const files = maps.flatMap((map) => map.files);
  const sum = (field: "entries" | "bytes" | "storedBytes") => files.reduce((all, file) => all + file[field], 0);
  return {
    createdAt,
    engineVersion: engine.version,
    clusterName: cluster.name,
    formedSize: cluster.formedSize,
    jobs: jobs.length,
    maps: maps.length,
    entries: sum("entries"),
    bytes: sum("bytes"),
    storedBytes: sum("storedBytes"),
  };
}
