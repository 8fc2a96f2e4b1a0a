import type { JsonPatchOperation } from "../../../src/kube/client.ts";

/** A patch that the API server refuses with 422. */
export class PatchRefused extends Error {}

type Tree = Record<string, unknown>;

/**
 * RFC 6902 as far as the operator uses it; objects only. Gives a new object, the old one stays as it was.
 * @throws PatchRefused for a failed `test`, or a path whose parent is not there.
 */
export function patched<T extends object>(object: T, operations: readonly JsonPatchOperation[]): T {
  let result = object as unknown as Tree;
  for (const operation of operations) {
    const path = operation.path.split("/").slice(1).map(unescaped);
    result = operation.op === "test" ? tested(result, path, operation.value) : changed(result, path, operation);
  }
  return result as unknown as T;
}

/** Null stands for a value that is not there; its parent must be (seen on the real API server). */
function tested(object: Tree, path: readonly string[], value: unknown): Tree {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], object);
  if (typeof parent !== "object" || parent === null) throw new PatchRefused(`test: no parent of ${path.join("/")}`);
  const found = (parent as Tree)[path.at(-1) ?? ""];
  if (JSON.stringify(found ?? null) === JSON.stringify(value ?? null)) return object;
  throw new PatchRefused(`test ${path.join("/")}: ${JSON.stringify(found)} is not ${JSON.stringify(value)}`);
}

function changed(object: Tree, path: readonly string[], operation: Exclude<JsonPatchOperation, { op: "test" }>): Tree {
  const [key = "", ...rest] = path;
  if (rest.length > 0) {
    const child = object[key];
    if (typeof child !== "object" || child === null) throw new PatchRefused(`${operation.op}: no ${key}`);
    return { ...object, [key]: changed(child as Tree, rest, operation) };
  }
  if (operation.op !== "add" && !(key in object)) throw new PatchRefused(`${operation.op}: no ${key}`);
  if (operation.op !== "remove") return { ...object, [key]: operation.value };
  const { [key]: _, ...others } = object;
  return others;
}

const unescaped = (segment: string) => segment.replaceAll("~1", "/").replaceAll("~0", "~");
