export interface SeededRandom {
  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  bytes(size: number): Uint8Array;
}

/** Unpredictable enough for tests and the same in every run: xorshift32 (Marsaglia, 2003). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (limit: number) => next() % limit;
  return {
    below,
    pick: (items) => items[below(items.length)]!,
    bytes: (size) => Uint8Array.from({ length: size }, () => below(256)),
  };
}
