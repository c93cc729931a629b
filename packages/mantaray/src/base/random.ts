/** Randomness as an injected dependency. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** The machine's own randomness: not for secrets. */
export const systemRandom: Random = { next: () => Math.random() };

/** Repeatable randomness from a seed (mulberry32). */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
};

/** A whole number in [0, limit). */
export const randomBelow = (random: Random, limit: number): number => Math.floor(random.next() * limit);
