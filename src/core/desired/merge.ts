import { isPlainObject } from "./hash.ts";
import type { Path } from "./owned-config.ts";

export type Tree = Record<string, unknown>;

/** `under` with everything of `over` laid upon it. Lists are taken whole. Neither argument is changed. */
export function merged(under: Tree, over: Tree): Tree {
  const result = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = result.get(key);
    result.set(key, isPlainObject(value) && isPlainObject(below) ? merged(below, value) : value);
  }
  return Object.fromEntries(result);
}

/** `tree` without what lies at or below `paths`, in whatever spelling. */
export function without(tree: Tree, paths: readonly Path[]): Tree {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const inside = paths.filter(([first]) => first !== undefined && sameKey(first, key)).map((path) => path.slice(1));
      if (inside.some((path) => path.length === 0)) return [];
      return [[key, isPlainObject(value) && inside.length > 0 ? without(value, inside) : value]];
    }),
  );
}

export interface Leaf {
  readonly path: Path;
  readonly value: unknown;
}

/** All values of a tree with their paths. Lists count as one value, empty maps as none. */
export function leaves(tree: unknown, path: Path = []): Leaf[] {
  if (!isPlainObject(tree)) return tree === undefined ? [] : [{ path, value: tree }];
  return Object.entries(tree).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** Does `path` lie at or below one of `owners`, in whatever spelling? */
export function isBelow(path: Path, owners: readonly Path[]): boolean {
  return owners.some((owner) => owner.length <= path.length && owner.every((key, i) => sameKey(key, path[i] ?? "")));
}

export function at(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => (isPlainObject(node) ? node[key] : undefined), tree);
}

/** The engine is not strict about dashes and case in every place where it reads keys, so neither are we. */
function sameKey(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(key: string): string {
  return key.replaceAll("-", "").toLowerCase();
}
