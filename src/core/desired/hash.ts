import { createHash } from "node:crypto";

/** Long enough that two different contents of one cluster never meet, short enough to read in `kubectl get`. */
const digits = 20;

/** Hash of plain data: objects equal but for the order of their keys, or keys that are undefined, have the same one. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, digits);
}

/** JSON with sorted keys and without anything undefined. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isPlainObject(inner) ? sorted(inner) : inner)) ?? "null";
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
