import type { Clock, Timer } from "../base/clock.ts";

/** Runs `task` every `periodMs` until canceled, counted from the end of the run before. */
export const every = (clock: Clock, periodMs: number, task: () => void): Timer => {
  let timer: Timer;
  const arm = (): void => {
    timer = clock.after(periodMs, () => {
      arm();
      task();
    });
  };
  arm();
  return { cancel: () => timer.cancel() };
};
