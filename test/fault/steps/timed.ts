/** Milliseconds that `work` takes, rounded. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
};

/** A fault that lasts. */
export const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));

/** Wall clock, ms, as the traffic's process has it. */
export const wallMs = (): number => performance.timeOrigin + performance.now();
