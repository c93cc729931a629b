import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import type { Logger } from "pino";
import { type Clock, pause } from "./clock.ts";
import type { KubeApi } from "./kube-api.ts";
import { asKubeError } from "./kube-error.ts";
import { kubeLimits } from "./limits.ts";
import type { Stored } from "./objects.ts";
import { resources } from "./resources.ts";

/** What a contender takes. Times default to `kubeLimits`. */
export interface LeaderElectionOptions {
  /** A client without a limit of rate: a renewal must not wait behind work. */
  readonly api: KubeApi;
  readonly namespace: string;
  /** Of the Lease. The reference's: `ray-operator-leader`. */
  readonly name: string;
  /** Who we are; another at each start of the process. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryMs?: number;
}

/**
 * One leader among several operators by a Lease. L1: a lease counts as held until nobody has changed it for its whole
 * duration by *our* clock; the times written in it are never compared. L2: who cannot renew within the renew deadline
 * stops, before anybody else may begin (deadline < duration). L3: `release` gives it away at once, for a stop that is
 * meant. https://kubernetes.io/docs/concepts/architecture/leases/
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #durationMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  #seen: { readonly lease: Stored<Lease>; readonly atMs: number } | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#durationMs = options.leaseDurationMs ?? kubeLimits.leaseDurationMs;
    this.#deadlineMs = options.renewDeadlineMs ?? kubeLimits.leaseRenewDeadlineMs;
    this.#retryMs = options.retryMs ?? kubeLimits.leaseRetryMs;
    if (this.#deadlineMs >= this.#durationMs || this.#retryMs * 2 > this.#deadlineMs)
      throw new Error(
        `leader election: 2 × retry (${this.#retryMs} ms) ≤ renew deadline (${this.#deadlineMs} ms) < duration (${this.#durationMs} ms)`,
      );
  }

  /** Who holds the lease as far as we know; "" nobody. */
  get holder(): string {
    return this.#seen?.lease.spec?.holderIdentity ?? "";
  }

  get isLeader(): boolean {
    return this.holder === this.#options.identity && this.#options.clock.nowMs() - this.#renewedAtMs < this.#deadlineMs;
  }

  /** Resolves true when we have become the leader, false when the signal fires first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, log, identity } = this.#options;
    let told = "";
    while (!signal.aborted) {
      if (await this.#attempt(signal)) {
        log.info({ identity, lease: this.#options.name }, "became the leader");
        return true;
      }
      if (this.holder !== told) log.info({ holder: this.holder }, "another operator is the leader");
      told = this.holder;
      await pause(clock, this.#retryMs * (1 + Math.random() / 5), signal);
    }
    return false;
  }

  /** Renews until the signal fires (resolves "stopped") or the lease is lost (resolves "lost"). */
  async hold(signal: AbortSignal): Promise<"stopped" | "lost"> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      await pause(clock, this.#retryMs, signal);
      if (signal.aborted) break;
      const leftMs = this.#deadlineMs - (clock.nowMs() - this.#renewedAtMs);
      if (leftMs > 0 && (await this.#within(leftMs, signal))) continue;
      if (this.holder !== this.#options.identity || clock.nowMs() - this.#renewedAtMs >= this.#deadlineMs) {
        log.error({ holder: this.holder }, "lost the lease");
        return "lost";
      }
    }
    return "stopped";
  }

  /** Gives the lease away, if we have it. Never rejects: it runs out by itself otherwise. */
  async release(): Promise<void> {
    const { api, identity, log } = this.#options;
    const lease = this.#seen?.lease;
    if (lease === undefined || this.holder !== identity) return;
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: this.#now() };
    try {
      this.#note(await api.replace(resources.leases, { ...lease, spec }, { timeoutMs: this.#retryMs }));
      log.info({ identity }, "gave the lease away");
    } catch (error) {
      log.warn({ error: String(error) }, "the lease could not be given away: it runs out by itself");
    }
  }

  async #within(leftMs: number, signal: AbortSignal): Promise<boolean> {
    const late = new AbortController();
    const timer = this.#options.clock.after(leftMs, () => late.abort());
    try {
      return await this.#attempt(AbortSignal.any([signal, late.signal]));
    } finally {
      timer.cancel();
    }
  }

  /** Takes or renews the lease once. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { api, clock, log, namespace, name, identity } = this.#options;
    const call = { signal, timeoutMs: this.#deadlineMs / 2 };
    const startedMs = clock.nowMs();
    try {
      const lease = await api.get(resources.leases, { namespace, name }, call);
      if (lease === undefined) {
        const metadata = { namespace, name };
        this.#note(await api.create(resources.leases, { metadata, spec: this.#spec(undefined) }, call));
      } else {
        this.#note(lease);
        if (!this.#mayTake(lease)) return false;
        this.#note(await api.replace(resources.leases, { ...lease, spec: this.#spec(lease) }, call));
      }
      // From before the call: the server may have stored it at any moment since.
      this.#renewedAtMs = startedMs;
      return true;
    } catch (error) {
      const known = asKubeError(error);
      // Somebody was faster: seen at the next look.
      if (known?.isConflict !== true && known?.isAlreadyExists !== true && !signal.aborted)
        log.warn({ error: String(error), identity }, "the lease could not be read or written");
      return false;
    }
  }

  #mayTake(lease: Stored<Lease>): boolean {
    const holder = lease.spec?.holderIdentity ?? "";
    if (holder === "" || holder === this.#options.identity) return true;
    const durationMs = (lease.spec?.leaseDurationSeconds ?? this.#durationMs / 1_000) * 1_000;
    return this.#options.clock.nowMs() - (this.#seen?.atMs ?? 0) >= durationMs;
  }

  #note(lease: Stored<Lease>): void {
    const same =
      this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion &&
      this.#seen.lease.metadata.uid === lease.metadata.uid;
    if (!same) this.#seen = { lease, atMs: this.#options.clock.nowMs() };
  }

  #spec(old: Stored<Lease> | undefined): NonNullable<Lease["spec"]> {
    const { identity } = this.#options;
    const isOurs = old?.spec?.holderIdentity === identity;
    const transitions = old?.spec?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1_000),
      acquireTime: isOurs ? (old.spec?.acquireTime ?? this.#now()) : this.#now(),
      renewTime: this.#now(),
      leaseTransitions: old === undefined || isOurs ? transitions : transitions + 1,
    };
  }

  #now(): string {
    return microTime(this.#options.clock.wallMs());
  }
}

/** `MicroTime` of the API: RFC 3339 with six digits. */
export const microTime = (wallMs: number): string => new Date(wallMs).toISOString().replace("Z", "000Z");
