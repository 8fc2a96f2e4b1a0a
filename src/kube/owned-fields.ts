/** Paths, e.g. `["spec", "selector"]`, of maps and lists that are ours as a whole: an extra entry there is a difference. */
export type WholePaths = readonly (readonly string[])[];

/**
 * Would applying `desired` change `live`? Walks only what `desired` says: fields that others or defaults have added do
 * not count. Below the paths in `whole` they do, so there defaults have to be spelt out. Lists whose entries have a
 * name (or a port) are compared by it, other lists by place and length. Quantities are compared by value, and an empty
 * map or list counts as an absent one: the API server rewrites the former and drops the latter.
 */
export function ownedFieldsDiffer(desired: object, live: object, whole: WholePaths = []): boolean {
  return differ(desired, live, [], new Set(whole.map((path) => path.join("/"))));
}

type Path = readonly string[];

function differ(desired: unknown, live: unknown, path: Path, whole: ReadonlySet<string>): boolean {
  if (desired === undefined) return false;
  if (desired === null) return live !== undefined && live !== null;
  if (Array.isArray(desired)) return listsDiffer(desired, live, path, whole);
  if (typeof desired === "object") return mapsDiffer(desired as Fields, live, path, whole);
  if (desired === live) return false;
  return !(isQuantity(path) && sameQuantity(desired, live));
}

type Fields = Readonly<Record<string, unknown>>;

function mapsDiffer(desired: Fields, live: unknown, path: Path, whole: ReadonlySet<string>): boolean {
  if (live === undefined || live === null) return Object.values(desired).some((value) => value !== undefined);
  if (typeof live !== "object" || Array.isArray(live)) return true;
  const found = live as Fields;
  if (isWhole(path, whole) && Object.keys(found).some((key) => desired[key] === undefined)) return true;
  return Object.entries(desired).some(([key, value]) => differ(value, found[key], [...path, key], whole));
}

function listsDiffer(desired: readonly unknown[], live: unknown, path: Path, whole: ReadonlySet<string>): boolean {
  const found: readonly unknown[] = Array.isArray(live) ? live : [];
  const exact = isWhole(path, whole);
  const identity = identityOf(desired);
  if (exact || identity === undefined) {
    if (desired.length !== found.length) return true;
    if (identity === undefined)
      return desired.some((item, at) => differ(item, found[at], [...path, String(at)], whole));
  }
  return desired.some((item) => {
    const id = identity(item);
    const same = found.find((candidate) => identity(candidate) === id);
    return same === undefined || differ(item, same, [...path, id ?? ""], whole);
  });
}

/** What tells the entries of a list apart in server-side apply; undefined for a list that is replaced as one. */
function identityOf(items: readonly unknown[]): ((item: unknown) => string | undefined) | undefined {
  const candidates = [
    (item: unknown) => textOf(item, "name"),
    (item: unknown) => textOf(item, "port") && `${textOf(item, "port")}/${textOf(item, "protocol") ?? "TCP"}`,
  ];
  if (items.length === 0) return undefined;
  return candidates.find((candidate) => new Set(items.map(candidate).filter(Boolean)).size === items.length);
}

function textOf(item: unknown, field: string): string | undefined {
  if (item === null || typeof item !== "object") return undefined;
  const value = (item as Fields)[field];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The path itself, or something below it, is ours as a whole. */
function isWhole(path: Path, whole: ReadonlySet<string>): boolean {
  return path.some((_, at) => whole.has(path.slice(0, at + 1).join("/")));
}

/** Only where the API has quantities: elsewhere `1000m` and `1` are two texts. */
function isQuantity(path: Path): boolean {
  return path.some((part) => ["requests", "limits", "capacity", "sizeLimit"].includes(part));
}

const suffixes: Readonly<Record<string, number>> = {
  "": 1,
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

function sameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [amountOf(a), amountOf(b)];
  return left !== undefined && right !== undefined && Math.abs(left - right) <= 1e-9 * Math.abs(left);
}

function amountOf(quantity: unknown): number | undefined {
  const match = /^([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:[eE]([+-]?\d+)|([A-Za-z]{0,2}))$/.exec(String(quantity));
  if (!match) return undefined;
  const factor = match[2] === undefined ? suffixes[match[3] ?? ""] : 10 ** Number(match[2]);
  return factor === undefined ? undefined : Number(match[1]) * factor;
}
