/** Numbers that a seed determines wholly: the same seed gives the same run. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** Whole, at least 0, below `bound`. */
  below(bound: number): number;
  /** Whole, both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError for an empty list. */
  pick<T>(from: readonly T[]): T;
}

/** Mulberry32: small, fast, good enough to choose interleavings. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() < probability,
    pick(from) {
      if (from.length === 0) throw new RangeError("pick: the list is empty");
      return from[below(from.length)] as (typeof from)[number];
    },
  };
}
