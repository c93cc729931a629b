import type { Clock, Timer } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { sleep } from "../base/wait.ts";
import type { ControlStore } from "../store/index.ts";
import { storeLimits } from "../store/index.ts";
import { every } from "./periodic.ts";

/** A held lease that renews itself. */
export interface Leadership {
  readonly epoch: number;
  /** Stops renewing and gives the lease back. */
  release(): Promise<void>;
}

/** Options of `lead`. */
export interface LeadOptions {
  readonly store: ControlStore;
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The lease has passed to somebody else, or could not be renewed for its whole time: this process must end. */
  readonly onLost: (error: MantaError) => void;
}

/** Waits for the lease and takes it; `canceled` by the signal. */
export const lead = async (options: LeadOptions): Promise<Leadership> => {
  const { store, holder, clock, log, signal, onLost } = options;
  const epoch = await claim(options);
  log.info({ epoch, holder }, "took the lease");
  const term = { holder, epoch };
  let renewedMs = clock.nowMs();
  let renewing = false;
  const renew = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    try {
      await store.renewLease(term, storeLimits.leaseTtlMs);
      renewedMs = clock.nowMs();
    } catch (error) {
      const reason = MantaError.from(error);
      if (reason.code === "stale_epoch" || clock.nowMs() - renewedMs > storeLimits.leaseTtlMs) {
        timer.cancel();
        onLost(reason);
      } else log.warn({ err: reason, epoch }, "the lease was not renewed; trying again");
    } finally {
      renewing = false;
    }
  };
  const timer: Timer = every(clock, storeLimits.leaseRenewPeriodMs, () => void renew());
  signal.addEventListener("abort", () => timer.cancel(), { once: true });
  return {
    epoch,
    release: async () => {
      timer.cancel();
      await store.releaseLease(term);
    },
  };
};

const claim = async ({ store, holder, clock, log, signal }: LeadOptions): Promise<number> => {
  let told = "";
  for (;;) {
    const outcome = await store.claimLease(holder, storeLimits.leaseTtlMs);
    if (outcome.granted) return outcome.epoch;
    if (outcome.holder !== told) log.info({ leader: outcome.holder }, "standing by: another control store leads");
    told = outcome.holder;
    await sleep(clock, Math.min(storeLimits.leaseRenewPeriodMs, outcome.remainingMs), signal);
  }
};
