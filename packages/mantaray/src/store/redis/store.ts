import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import type { ControlStore, LeaseClaim, LeaseTerm, StoredTables } from "../control-store.ts";
import { storeLimits } from "../limits.ts";
import type { TableMutation } from "../mutation.ts";
import type { RedisConfig } from "./config.ts";
import type { RedisReply } from "./connection.ts";
import { encodeWrite } from "./encode-write.ts";
import { redisUnavailable } from "./failures.ts";
import { tableNames } from "./keys.ts";
import { LeaseView } from "./lease-view.ts";
import { RedisLink } from "./link.ts";
import { loadTables } from "./load.ts";
import type { PrimaryConnection } from "./primary.ts";
import { claimScript, releaseScript, renewScript, writeScript } from "./scripts.ts";

/** Options of a Redis store. */
export interface RedisStoreOptions {
  readonly config: RedisConfig;
  /** Clusters in different namespaces of one Redis never see each other. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Scatters the waits between attempts to connect. */
  readonly random?: Random;
}

/**
 * Opens the store in a Redis, which need not be there yet: calls answer `unavailable` until it is. Several
 * processes may have it open at the same time; the lease says who writes.
 */
export const openRedisStore = async (options: RedisStoreOptions): Promise<ControlStore> => {
  const { config, namespace, clock, random = systemRandom } = options;
  const log = options.log.child({ redis: config.description, namespace });
  const link = (purpose: string): RedisLink => new RedisLink({ config, namespace, clock, random, log, purpose });
  return new RedisStore(link("tables"), link("lease"), new LeaseView(clock));
};

/**
 * Every change is one script, which checks the epoch itself. Writes are numbered: one that a network held back is
 * recognised when it arrives after a later one, and a server that has forgotten an acknowledged one (an older copy
 * took over, or was restored) is told from one that has not. So nothing that Redis loses goes unnoticed while the
 * writer lives.
 */
class RedisStore implements ControlStore {
  readonly #tables: RedisLink;
  /** Of its own, so that a large write does not hold up a renewal. */
  readonly #lease: RedisLink;
  readonly #view: LeaseView;
  readonly #claimer = randomUUID();
  #attempts = 0;
  #writes = 0;

  constructor(tables: RedisLink, lease: RedisLink, view: LeaseView) {
    this.#tables = tables;
    this.#lease = lease;
    this.#view = view;
  }

  async claimLease(holder: string, ttlMs: number): Promise<LeaseClaim> {
    const view = this.#view;
    // Writes of the former epoch that this process has called for come first.
    await this.#tables.settled();
    return this.#watched(
      this.#lease.run(async ({ connection, keys }) => {
        view.prepare(ttlMs);
        this.#attempts += 1;
        const args = [holder, whole(ttlMs), this.#claimer, String(this.#attempts), String(view.newest)];
        const flags = [flag(view.mayCreate()), flag(view.mayTake())];
        const reply = await connection.script(claimScript, [keys.LEASE], [...args, ...flags]);
        const [kind, first, second, third] = words(reply);
        if (kind === "granted") {
          this.#writes = 0;
          return view.isGranted(Number(first));
        }
        if (kind === "held") return view.isHeld(first ?? "", Number(third), Number(second));
        if (kind === "gone") return view.hasVanished(ttlMs);
        throw overtaken(connection.where);
      }),
    );
  }

  async renewLease({ holder, epoch }: LeaseTerm, ttlMs: number): Promise<void> {
    await this.#watched(
      this.#lease.run(async ({ connection, keys }) => {
        const acked = epoch === this.#view.granted ? this.#view.acked : 0;
        const args = [holder, whole(epoch), String(acked), whole(ttlMs)];
        this.#settle(await connection.script(renewScript, [keys.LEASE], args), epoch, connection.where);
      }),
    );
  }

  async releaseLease({ holder, epoch }: LeaseTerm): Promise<void> {
    await this.#tables.settled();
    await this.#watched(
      this.#lease.run(async ({ connection, keys }) => {
        const reply = await connection.script(releaseScript, [keys.LEASE], [holder, whole(epoch)]);
        this.#settle(reply, epoch, connection.where);
      }),
    );
  }

  async write(epoch: number, mutations: readonly TableMutation[]): Promise<void> {
    if (mutations.length === 0) return;
    await this.#tables.run((primary) => this.#write(primary, epoch, mutations));
  }

  load(): Promise<StoredTables> {
    return this.#tables.run(loadTables);
  }

  async close(): Promise<void> {
    await Promise.all([this.#tables.close(), this.#lease.close()]);
  }

  async #write(
    { connection, keys }: PrimaryConnection,
    epoch: number,
    mutations: readonly TableMutation[],
  ): Promise<void> {
    const { args, bytes } = encodeWrite(mutations);
    this.#writes += 1;
    const number = this.#writes;
    const isOwn = epoch === this.#view.granted;
    const head = [whole(epoch), String(number), String(isOwn ? this.#view.acked : 0), String(storeLimits.eventsMax)];
    const allKeys = tableNames.map((table) => keys[table]);
    const reply = await connection.script(writeScript, allKeys, [...head, ...args], bytes);
    this.#settle(reply, epoch, connection.where);
    if (isOwn && epoch === this.#view.granted) this.#view.acked = Math.max(this.#view.acked, number);
  }

  /** Throws what a script's refusal means to the one who asked. */
  #settle(reply: RedisReply, epoch: number, where: string): void {
    const [kind, detail] = words(reply);
    if (kind === "ok") return;
    if (kind === "late") throw overtaken(where);
    if ((kind === "gone" || kind === "behind") && epoch === this.#view.granted && epoch !== 0) {
      const what = kind === "gone" ? "the lease is gone, so it was emptied" : "it is an older copy of itself";
      throw new MantaError("data_loss", `Redis at ${where} has lost data: ${what}`, {
        details: { redis: where, epoch },
      });
    }
    throw new MantaError("stale_epoch", `a call of epoch ${epoch} was refused: ${staleText(kind, detail)}`, {
      details: { epoch, ...(kind === "stale" ? { newest: Number(detail) } : {}) },
    });
  }

  async #watched<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (MantaError.from(error).code === "unavailable") this.#view.lostSight();
      throw error;
    }
  }
}

const staleText = (kind: string | undefined, detail: string | undefined): string => {
  if (kind === "stale") return `the newest lease has epoch ${detail}`;
  if (kind === "released") return "its lease was released";
  if (kind === "foreign") return `its lease belongs to ${detail}`;
  return "no such lease was granted";
};

const overtaken = (where: string): MantaError =>
  redisUnavailable(where, "has done a later call of this process already", "LATE");

const words = (reply: RedisReply): string[] => (Array.isArray(reply) ? reply.map(String) : [String(reply)]);

/** Lua reads what JavaScript prints; fractions of a ms are of no use to it. */
const whole = (ms: number): string => String(Math.round(ms));

const flag = (value: boolean): string => (value ? "1" : "0");
