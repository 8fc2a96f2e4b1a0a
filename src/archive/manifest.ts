import { createHash } from "node:crypto";
import { z } from "zod";
import { DamagedFileError, UnknownFormatError } from "./errors.ts";

/**
 * What a generation holds, written last: a directory without it is no archive. People may read it; every byte of it is
 * checked by its last field.
 */
export const manifestVersion = 1;

/** What a map is to the engine, and with it when a restore writes it (docs/lossless-restart.md). */
const mapKinds = ["records", "executionRecords", "resources", "snapshot", "results", "sql", "user"] as const;

const count = z.int().min(0);
const hexDigits = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

const mapFile = z.strictObject({
  /** `<map>-<stream>.entries`, within the generation's directory: no path leads out of it. */
  path: z.string().regex(/^\d{4,9}-\d{1,9}\.entries$/),
  entries: count,
  /** Of keys and values, before compression. */
  bytes: count,
  storedBytes: count,
  digest: hexDigits(64),
});

const map = z
  .strictObject({
    name: z.string(),
    kind: z.enum(mapKinds),
    entries: count,
    bytes: count,
    /** One a stream; none for an empty map. */
    files: z.array(mapFile),
  })
  .refine(({ entries, files }) => entries === sum(files, "entries"), "entries are not those of its files")
  .refine(({ bytes, files }) => bytes === sum(files, "bytes"), "bytes are not those of its files");

type Files = readonly z.output<typeof mapFile>[];

function sum(files: Files, field: "entries" | "bytes"): number {
  return files.reduce((all, file) => all + file[field], 0);
}

function allDiffer(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

const job = z.strictObject({
  /** As `0000-0000-0000-0001`. */
  id: z.string().min(1),
  /** Absent for a job without a name. */
  name: z.string().optional(),
  /** As the engine named it before the stop: RUNNING, SUSPENDED, … */
  statusBefore: z.string().min(1),
  /** It has split-brain protection. */
  protected: z.boolean(),
  /** Members that it needs; 0 without protection. */
  quorum: count,
});

const notArchived = z.strictObject({ name: z.string(), kind: z.string(), reason: z.string() });

const manifest = z.strictObject({
  formatVersion: z.literal(manifestVersion),
  engine: z.strictObject({
    /** In full, e.g. `5.7.0`. */
    version: z.string().min(1),
    /** Job records are bound to it, e.g. `5.7`. */
    line: z.string().min(1),
  }),
  cluster: z.strictObject({
    /** The engine's own id of the cluster. */
    id: z.string().min(1),
    /** `clusterName` of the engine. */
    name: z.string().min(1),
    /** UID of the JetCluster. */
    uid: z.string().min(1),
    formedSize: z.int().min(1),
    partitionCount: z.int().min(1),
  }),
  generation: z.strictObject({ number: z.int().min(1), nonce: hexDigits(16) }),
  /** ISO 8601. */
  createdAt: z.iso.datetime(),
  jobs: z.array(job),
  maps: z
    .array(map)
    .refine((maps) => allDiffer(maps.map(({ name }) => name)), "a map is named twice")
    .refine((maps) => allDiffer(maps.flatMap(({ files }) => files.map(({ path }) => path))), "a file is named twice"),
  notArchived: z.array(notArchived),
});

export type Manifest = z.output<typeof manifest>;
export type ArchivedJob = Manifest["jobs"][number];
export type ArchivedMap = Manifest["maps"][number];
export type ArchivedFile = ArchivedMap["files"][number];
export type MapKind = ArchivedMap["kind"];

/** The file's text. Its last field is the sha-256 of what it would be without that field. */
export function encodeManifest(content: Manifest): string {
  const body = manifest.parse(content);
  return withDigest(body);
}

/**
 * @param file names the file in errors.
 * @throws UnknownFormatError for another version, DamagedFileError for anything but what `encodeManifest` makes.
 */
export function decodeManifest(file: string, text: string): Manifest {
  const { digest: _, ...body } = jsonObject(file, text);
  const { formatVersion: version } = body;
  if (typeof version === "number" && version !== manifestVersion) {
    throw new UnknownFormatError(file, version, manifestVersion);
  }
  const parsed = manifest.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const found = issue ? `${issue.path.join(".")}: ${issue.message}` : "something else";
    throw new DamagedFileError(file, { offset: 0, found, expected: "a manifest" });
  }
  const whole = withDigest(body);
  if (whole !== text) {
    const offset = firstDifference(whole, text);
    throw new DamagedFileError(file, {
      offset,
      found: JSON.stringify(text.slice(offset, offset + 20)),
      expected: JSON.stringify(whole.slice(offset, offset + 20)),
    });
  }
  return parsed.data;
}

/** Names a manifest, and through the digests in it every byte of its generation. */
export function manifestDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function withDigest(body: object): string {
  const digest = createHash("sha256")
    .update(JSON.stringify(body, null, 2))
    .digest("hex");
  return `${JSON.stringify({ ...body, digest }, null, 2)}\n`;
}

function jsonObject(file: string, text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    const found = cause instanceof SyntaxError ? cause.message : "no object";
    throw new DamagedFileError(file, { offset: 0, found, expected: "a manifest in JSON" });
  }
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
