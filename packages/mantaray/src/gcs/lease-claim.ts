import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { sleep } from "../base/wait.ts";
import type { ControlStore } from "../store/index.ts";
import { storeLimits } from "../store/index.ts";
import { gcsLimits } from "./limits.ts";
import type { StoreHealth } from "./state/store-health.ts";

/** What a claim needs. */
export interface LeaseClaimOptions {
  readonly store: Pick<ControlStore, "claimLease">;
  readonly holder: string;
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told after each attempt that was not granted: who has the lease, as far as it is known. */
  readonly onWaiting: (leader: string) => void;
}

/** Waits for the lease, for as long as it takes, and returns its epoch. `canceled` by the signal. */
export const claimLease = async (options: LeaseClaimOptions): Promise<number> => {
  const { store, holder, health, clock, log, signal, onWaiting } = options;
  let told: string | undefined;
  for (;;) {
    if (signal.aborted) throw new MantaError("canceled", "the wait for the lease was canceled");
    let waitMs: number = gcsLimits.standbyRetryMs;
    try {
      const claim = await store.claimLease(holder, storeLimits.leaseTtlMs);
      health.worked("lease");
      if (claim.granted) return claim.epoch;
      const leader = leaderOf(claim.holder);
      if (told !== leader) log.info({ leader, holder: claim.holder }, "standing by: another control store leads");
      told = leader;
      onWaiting(leader);
      waitMs = Math.min(gcsLimits.standbyPollMs, Math.max(leastWaitMs, claim.remainingMs));
    } catch (thrown) {
      const error = MantaError.from(thrown);
      if (!error.retryable || error.details.final === true) throw error;
      health.failed("lease", error.rawMessage);
      onWaiting("");
    }
    await sleep(clock, waitMs, signal);
  }
};

/** Names the holder of the lease so that standbys can say where the leader is. */
export const holderName = (address: string, id: string): string => `${address} ${id}`;

/** `tcp:host:port` of a holder; empty where it does not say. */
export const leaderOf = (holder: string): string => {
  const [address = ""] = holder.split(" ");
  return address.startsWith("tcp:") ? address : "";
};

/** The clocks of store and process differ a little. */
const leastWaitMs = 20;
