import { parseArgs } from "node:util";
import { z } from "zod";
import type { MemberAddress } from "../../engine/addresses.ts";
import { UsageError } from "../command/arguments.ts";
import type { VolumeOwner } from "../volume.ts";

interface Common {
  /** Where the volume is mounted. */
  readonly directory: string;
  /** The JetCluster whose volume it is. */
  readonly owner: VolumeOwner;
  readonly members: readonly MemberAddress[];
  readonly clusterName: string;
  readonly nonce: string;
  readonly healthPort: number;
}

export interface SaveTask extends Common {
  readonly does: "save";
  /** UID of the JetCluster. */
  readonly uid: string;
  readonly size: number;
  /** Verified generations that stay, this one among them. */
  readonly keep: number;
  readonly exclude: readonly string[];
  /** Names, with `*`, of maps that have a MapStore. */
  readonly mapStores: readonly string[];
}

export interface RestoreTask extends Common {
  readonly does: "restore";
  readonly generation: number;
  readonly digest: string;
  /** No job needs more members than these afterwards: somebody has accepted it. */
  readonly mostQuorum?: number;
}

export type Task = SaveTask | RestoreTask;

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;
const flags = {
  ...{ directory: text, namespace: text, name: text, nonce: text, uid: text, size: text, keep: text, digest: text },
  ...{
    "cluster-name": text,
    "health-port": text,
    "most-quorum": text,
    generation: text,
    member: list,
    exclude: list,
    "map-store": list,
  },
} as const;

const number = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most));

const address = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[0-9.]+):\d{1,5}$/)
  .transform((given): MemberAddress => {
    const colon = given.lastIndexOf(":");
    return { host: given.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(given.slice(colon + 1)) };
  });

const word = z.string().min(1);
const common = {
  directory: word,
  namespace: word,
  name: word,
  member: z.array(address).min(1),
  "cluster-name": word,
  nonce: z.string().regex(/^[0-9a-f]{16}$/),
  "health-port": number(1, 65_535),
};
const save = z.strictObject({
  ...common,
  uid: word,
  size: number(1, 99),
  keep: number(1, 10),
  exclude: z.array(word).default([]),
  "map-store": z.array(word).default([]),
});
const restore = z.strictObject({
  ...common,
  generation: number(1, 999_999_999),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  "most-quorum": number(1, 99).optional(),
});

/**
 * What the operator starts the Job with.
 * @throws UsageError that names the flag and its value
 */
export function parseTask(does: "save" | "restore", argv: readonly string[]): Task {
  const values = valuesOf(argv);
  const parsed = does === "save" ? save.safeParse(values) : restore.safeParse(values);
  if (!parsed.success) throw new UsageError(problemOf(parsed.error, values));
  const { data } = parsed;
  const shared: Common = {
    directory: data.directory,
    owner: { namespace: data.namespace, name: data.name },
    members: data.member,
    clusterName: data["cluster-name"],
    nonce: data.nonce,
    healthPort: data["health-port"],
  };
  if ("digest" in data) {
    const { generation, digest, "most-quorum": mostQuorum } = data;
    return { does: "restore", ...shared, generation, digest, ...(mostQuorum !== undefined && { mostQuorum }) };
  }
  const { uid, size, keep, exclude, "map-store": mapStores } = data;
  return { does: "save", ...shared, uid, size, keep, exclude, mapStores };
}

function valuesOf(argv: readonly string[]): Record<string, unknown> {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function problemOf(error: z.ZodError, values: Record<string, unknown>): string {
  const issue = error.issues[0];
  const flag = String(issue?.path[0] ?? "");
  const given = values[flag] === undefined ? "missing" : JSON.stringify(values[flag]);
  return flag === "" ? (issue?.message ?? "not accepted") : `--${flag}: ${given}: ${issue?.message}`;
}
