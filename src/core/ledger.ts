import { z } from "zod";

/**
 * What the operator must not forget between passes, and nothing else. It is one annotation of the StatefulSet, written
 * before any step that it covers and in the same patch as the replicas it belongs to.
 */
const ledgerVersion = 1;

const operation = z.object({
  kind: z.enum(["Form", "Grow"]),
  from: z.int().min(0),
  to: z.int().min(1),
  step: z.enum(["Joining", "Withdrawing"]),
  /** ISO 8601. */
  startedAt: z.string(),
});

const finished = z.object({
  kind: z.enum(["Form", "Grow"]),
  result: z.enum(["Succeeded", "Abandoned"]),
  finishedAt: z.string(),
});

const ledgerSchema = z.object({
  v: z.literal(ledgerVersion),
  /** Grows by one with each write; after a loss the largest epoch wins. */
  epoch: z.int().min(1),
  /** UID of the JetCluster that wrote it. */
  uid: z.string().min(1),
  /** Engine version, resolved once and kept although `spec.version` is absent. */
  version: z.string().min(1),
  /** Q: never below the number of live data members; raised in the same write as replicas. */
  quorumBase: z.int().min(1),
  /** Members of the last view that was whole; absent until the cluster has formed once. */
  formedSize: z.int().min(1).optional(),
  operation: operation.optional(),
  lastOperation: finished.optional(),
});

/** What a ledger of any version has. */
const anyLedger = z.object({ v: z.int() });

export type Ledger = z.output<typeof ledgerSchema>;
export type LedgerOperation = z.output<typeof operation>;

export type LedgerReading =
  | { kind: "ledger"; ledger: Ledger }
  | { kind: "absent" }
  /** Written by a newer operator: nothing may be decided from it. */
  | { kind: "tooNew"; version: number }
  | { kind: "damaged"; detail: string };

export function readLedger(annotation: string | undefined): LedgerReading {
  if (annotation === undefined) return { kind: "absent" };
  let json: unknown;
  try {
    json = JSON.parse(annotation);
  } catch {
    return { kind: "damaged", detail: "not JSON" };
  }
  const version = anyLedger.safeParse(json);
  if (version.success && version.data.v > ledgerVersion) return { kind: "tooNew", version: version.data.v };
  const parsed = ledgerSchema.safeParse(json);
  if (parsed.success) return { kind: "ledger", ledger: parsed.data };
  const issue = parsed.error.issues[0];
  return { kind: "damaged", detail: issue ? `${issue.path.join(".")}: ${issue.message}` : "unreadable" };
}

export function writeLedger(ledger: Ledger): string {
  return JSON.stringify(ledger);
}

/** The first ledger of a cluster: forming `size` members. Q starts at the size, so no half of it can pass for the whole. */
export function openLedger(start: { uid: string; version: string; size: number; at: string }): Ledger {
  return {
    v: ledgerVersion,
    epoch: 1,
    uid: start.uid,
    version: start.version,
    quorumBase: start.size,
    operation: { kind: "Form", from: 0, to: start.size, step: "Joining", startedAt: start.at },
  };
}

/**
 * The size asked for changed while nothing had formed yet: no job can have run, so the size may go both ways at once.
 * Q only rises here: members beyond the new size may still be alive; `finish` lowers it.
 */
export function reform(ledger: Ledger, size: number, at: string): Ledger {
  return {
    ...advanced(ledger),
    quorumBase: Math.max(ledger.quorumBase, size),
    operation: { kind: "Form", from: 0, to: size, step: "Joining", startedAt: at },
  };
}

/** Belongs in the same write as the larger replicas: Q is raised before any new member can count (invariant I6). */
export function beginGrow(ledger: Ledger, sizes: { from: number; to: number }, at: string): Ledger {
  return {
    ...advanced(ledger),
    quorumBase: Math.max(ledger.quorumBase, sizes.to),
    operation: { kind: "Grow", ...sizes, step: "Joining", startedAt: at },
  };
}

/** The last pod, which never joined, is taken back. Q stays raised until `finish` has seen exactly the members kept. */
export function withdrawGrow(ledger: Ledger, keep: number, at: string): Ledger {
  const { operation: growing } = ledger;
  if (growing?.kind !== "Grow") throw new Error("only a growth can be withdrawn");
  return { ...advanced(ledger), operation: { ...growing, to: keep, step: "Withdrawing", startedAt: at } };
}

/**
 * One whole view of exactly ordinals 0…size−1 was seen, all safe. The only place where Q may fall: for a growth that
 * was withdrawn and for the first forming, where nobody else is left who could count (reliability: the set matters,
 * not the number).
 */
export function finish(ledger: Ledger, size: number, at: string): Ledger {
  const { operation: ended, ...rest } = advanced(ledger);
  const withdrawn = ended?.step === "Withdrawing";
  const first = ledger.formedSize === undefined;
  return {
    ...rest,
    quorumBase: withdrawn || first ? size : Math.max(ledger.quorumBase, size),
    formedSize: size,
    ...(ended && {
      lastOperation: { kind: ended.kind, result: withdrawn ? "Abandoned" : "Succeeded", finishedAt: at },
    }),
  };
}

/**
 * The ledger was lost, with its StatefulSet or alone: what is remembered brings back the size and Q it had, never less.
 * The cluster counts as formed: its members may be alive with jobs on them, so its size changes only step by step.
 */
export function reopenLedger(
  remembered: { size: number; quorumBase: number; epoch: number; version: string },
  start: { uid: string; at: string },
): Ledger {
  return {
    v: ledgerVersion,
    epoch: remembered.epoch + 1,
    uid: start.uid,
    version: remembered.version,
    quorumBase: Math.max(remembered.quorumBase, remembered.size),
    formedSize: remembered.size,
    operation: { kind: "Form", from: 0, to: remembered.size, step: "Joining", startedAt: start.at },
  };
}

function advanced(ledger: Ledger): Ledger {
  return { ...ledger, epoch: ledger.epoch + 1 };
}

const stampSchema = z.object({
  uid: z.string(),
  epoch: z.int(),
  clusterName: z.string(),
  version: z.string(),
  quorumBase: z.int(),
  formedSize: z.int().optional(),
});

/** What a claim says of the cluster whose data lie on it. */
export type Stamp = z.output<typeof stampSchema>;

export function stampOf(ledger: Ledger, clusterName: string): Stamp {
  const { uid, epoch, version, quorumBase, formedSize } = ledger;
  return { uid, epoch, clusterName, version, quorumBase, ...(formedSize !== undefined && { formedSize }) };
}

/** @returns undefined for a claim without a readable stamp. */
export function readStamp(annotation: string | undefined): Stamp | undefined {
  if (annotation === undefined) return undefined;
  try {
    return stampSchema.safeParse(JSON.parse(annotation)).data;
  } catch {
    return undefined;
  }
}
