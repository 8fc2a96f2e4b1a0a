/**
 * Names of our children that somebody else's objects carry, as the last pass found them. In memory only: found again
 * after a restart. The next observation has them, and the planner stops on them.
 */
export interface TakenNames {
  of(key: string): readonly string[];
  set(key: string, names: readonly string[]): void;
}

export function createTakenNames(): TakenNames {
  const byCluster = new Map<string, readonly string[]>();
  return {
    of: (key) => byCluster.get(key) ?? [],
    set(key, names) {
      if (names.length === 0) byCluster.delete(key);
      else byCluster.set(key, names);
    },
  };
}
