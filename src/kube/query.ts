export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The query part of a path, or nothing; undefined and empty values are left out. */
export function queryOf(query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)]))}`;
}
