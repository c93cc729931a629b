import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { sleep, withTimeout } from "../base/wait.ts";
import type { ControlStore } from "../store/index.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { Leadership } from "./leadership.ts";
import { claimLease } from "./lease-claim.ts";
import { gcsLimits } from "./limits.ts";
import type { Role } from "./service/role-implementation.ts";
import { Ledger } from "./state/ledger.ts";
import type { StoreHealth } from "./state/store-health.ts";

/** What a reign is made of. */
export interface ReignOptions {
  readonly store: ControlStore;
  /** Where this control store is dialled. */
  readonly address: string;
  readonly holder: string;
  readonly token: string;
  readonly sessionName: string;
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onRole: (role: Role) => void;
  /** It is over, and not because of `end`. */
  readonly onEnd: (error: MantaError) => void;
}

interface Reigning {
  readonly cluster: Cluster;
  readonly leadership: Leadership;
}

/** A control store's way from waiting for the lease to leading to its end. It leads at most once. */
export class Reign {
  /** Resolves when it leads, or stands by for the first time. */
  readonly begun: Promise<void>;
  readonly #options: ReignOptions;
  readonly #begun = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  #reigning: Reigning | undefined;

  constructor(options: ReignOptions) {
    this.#options = options;
    this.begun = this.#begun.promise;
    void this.#run();
  }

  /** Leads no more: what waits is written within a bound, and the lease given back. */
  async end(): Promise<void> {
    this.#stopping.abort();
    const reigning = this.#reigning;
    this.#reigning = undefined;
    if (reigning !== undefined) await this.#abdicate(reigning);
  }

  async #run(): Promise<void> {
    const { clock, log, onEnd, onRole } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#lead();
        this.#begun.resolve();
        return;
      } catch (thrown) {
        const error = MantaError.from(thrown);
        if (signal.aborted) return;
        if (!error.retryable || error.details.final === true) {
          onEnd(error);
          return;
        }
        log.warn({ err: error }, "the tables could not be loaded; trying again");
        onRole({ kind: "standby", leader: "" });
        this.#begun.resolve();
        await sleep(clock, gcsLimits.standbyRetryMs, signal).catch(() => undefined);
      }
    }
  }

  async #lead(): Promise<void> {
    const { store, holder, health, clock, random, log, onRole } = this.#options;
    const { signal } = this.#stopping;
    const onWaiting = (leader: string): void => {
      onRole({ kind: "standby", leader });
      this.#begun.resolve();
    };
    const epoch = await claimLease({ store, holder, health, clock, log, signal, onWaiting });
    const startMs = clock.nowMs();
    const lost = (error: MantaError): void => this.#lost(error);
    const leadership = new Leadership({
      store,
      holder,
      epoch,
      health,
      clock,
      log,
      onLost: lost,
      onDataLoss: () => ledger.dataLost(),
    });
    const reclaim = (): Promise<void> => leadership.reclaim();
    const ledger = new Ledger({
      store,
      reclaim,
      health,
      clock,
      random,
      log,
      epoch: () => leadership.epoch,
      onFailure: lost,
    });
    leadership.start();
    try {
      const stored = await store.load();
      // Lost or told to stop while it loaded.
      await leadership.confirmed();
      if (signal.aborted) throw new MantaError("canceled", "stopped");
      const onSuccession = (reason: string): void => void this.#stepDown(reason);
      const cluster = openCluster({ ...this.#options, stored, ledger, authority: leadership, onSuccession });
      this.#reigning = { cluster, leadership };
      onRole({ kind: "leader", cluster });
      log.info({ epoch, holder, loadMs: Math.round(clock.nowMs() - startMs) }, "leads");
    } catch (error) {
      ledger.stop();
      if (signal.aborted) await leadership.release().catch(() => undefined);
      leadership.stop();
      throw error;
    }
  }

  /** The lease is somebody else's, or nothing can be written: not another word. */
  #lost(error: MantaError): void {
    const { onRole, onEnd } = this.#options;
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    onRole({ kind: "standby", leader: "" });
    const reigning = this.#reigning;
    this.#reigning = undefined;
    reigning?.cluster.stop();
    reigning?.cluster.ledger.stop();
    reigning?.leadership.stop();
    onEnd(error);
  }

  /** Another one takes over; this process ends only once it has, so that it does not take the lease again itself. */
  async #stepDown(reason: string): Promise<void> {
    const { clock, log, onEnd } = this.#options;
    const reigning = this.#reigning;
    if (reigning === undefined) return;
    // What made us step down is acknowledged first.
    await reigning.cluster.ledger.orderable().catch(() => undefined);
    if (this.#reigning !== reigning) return;
    log.info({ reason }, "steps down");
    await this.end();
    await sleep(clock, gcsLimits.stepDownMs);
    onEnd(new MantaError("draining", `stepped down: ${reason}`));
  }

  async #abdicate({ cluster, leadership }: Reigning): Promise<void> {
    const { clock, log, onRole, health } = this.#options;
    onRole({ kind: "standby", leader: "" });
    cluster.stop();
    if (!(await cluster.ledger.close(gcsLimits.shutdownFlushMs))) log.warn("some changes were not stored");
    leadership.stop();
    if (!health.available) return;
    try {
      await withTimeout(leadership.release(), gcsLimits.shutdownFlushMs, "giving the lease back", clock);
    } catch (error) {
      log.warn({ err: error }, "the lease was not given back");
    }
  }
}
