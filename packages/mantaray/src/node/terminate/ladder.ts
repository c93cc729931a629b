import type { Clock } from "../../base/clock.ts";
import { withTimeout } from "../../base/wait.ts";

/** A process that can be ended, rung by rung. */
export interface LadderTarget {
  /** Settles when the process has ended and was reaped. */
  readonly exited: Promise<unknown>;
  /** First rung: asks it to finish its work within `graceMs`. Absent where it understands no messages. */
  readonly requestShutdown?: ((graceMs: number, reason: string) => Promise<unknown>) | undefined;
  /** To the process alone. */
  signal(signal: "SIGTERM" | "SIGKILL"): void;
  /** SIGKILL to its whole process group: descendants too. */
  killGroup(): void;
}

/** How far the ladder had to be climbed. `stuck`: not even SIGKILL ended it in time. */
export type LadderRung = "message" | "sigterm" | "sigkill" | "stuck";

/** Deps and bounds of one climb. */
export interface LadderOptions {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly reason: string;
  readonly slackMs: number;
  readonly termMs: number;
  readonly killMs: number;
  /** Aborted: straight to SIGKILL, whichever rung it is on. */
  readonly hurry?: AbortSignal;
}

/**
 * Ends a process: message, SIGTERM, SIGKILL, each with a bounded wait, and at the end the process group,
 * so that nothing it started outlives it. A target without `requestShutdown` has its grace on SIGTERM.
 */
export const climbLadder = async (target: LadderTarget, options: LadderOptions): Promise<LadderRung> => {
  const rung = await climb(target, options);
  target.killGroup();
  return rung;
};

const climb = async (target: LadderTarget, options: LadderOptions): Promise<LadderRung> => {
  const { graceMs, slackMs, termMs, reason } = options;
  const asks = target.requestShutdown !== undefined && graceMs > 0;
  if (asks && options.hurry?.aborted !== true) {
    // Whether the message arrived shows in whether the process ends: its answer says nothing more.
    target.requestShutdown?.(graceMs, reason).catch(() => undefined);
    if (await endsWithin(target, graceMs + slackMs, options)) return "message";
  }
  if (options.hurry?.aborted !== true) {
    target.signal("SIGTERM");
    if (await endsWithin(target, asks ? termMs : Math.max(termMs, graceMs), options)) return "sigterm";
  }
  target.killGroup();
  target.signal("SIGKILL");
  return (await endsWithin(target, options.killMs, { clock: options.clock })) ? "sigkill" : "stuck";
};

/** Kills at once: no grace, descendants included. */
export const killNow = async (target: LadderTarget, options: { clock: Clock; killMs: number }): Promise<LadderRung> => {
  target.killGroup();
  target.signal("SIGKILL");
  return (await endsWithin(target, options.killMs, options)) ? "sigkill" : "stuck";
};

const endsWithin = async (
  target: LadderTarget,
  waitMs: number,
  options: { clock: Clock; hurry?: AbortSignal },
): Promise<boolean> => {
  const { hurry, clock } = options;
  const hurried = Promise.withResolvers<boolean>();
  const onHurry = (): void => hurried.resolve(false);
  hurry?.addEventListener("abort", onHurry, { once: true });
  if (hurry?.aborted === true) onHurry();
  const ended = target.exited.then(() => true);
  try {
    return await withTimeout(Promise.race([ended, hurried.promise]), waitMs, "the end of the process", clock);
  } catch {
    return false;
  } finally {
    hurry?.removeEventListener("abort", onHurry);
  }
};
