import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { sleep } from "../../base/wait.ts";
import type { RedisConfig } from "./config.ts";
import { redisFailure } from "./failures.ts";
import { idempotencyKeys, tableNames } from "./keys.ts";
import { redisLimits } from "./limits.ts";
import { connectToPrimary, type PrimaryConnection } from "./primary.ts";
import { removeScript } from "./scripts.ts";

/** What to remove from where. */
export interface RemoveNamespaceOptions {
  readonly config: RedisConfig;
  readonly namespace: string;
  readonly clock: Clock;
  /** Also while a control store leads there: as long as it runs it writes everything anew. */
  readonly force: boolean;
  /** How long Redis may be away before that is the answer. */
  readonly waitMs: number;
}

/** A key that was removed. */
export interface RemovedKey {
  readonly key: string;
  /** Of the hash or list. */
  readonly entries: number;
}

/**
 * Removes everything of a namespace, in one step and by the known names of its keys; answers what there was.
 * `already_exists` while a control store leads there: one that was killed may seem to for a TTL, so that is
 * waited for. `unavailable` when Redis stays away.
 */
export const removeRedisNamespace = async (options: RemoveNamespaceOptions): Promise<readonly RemovedKey[]> => {
  const { config, namespace, clock, force, waitMs } = options;
  const primary = await connectWithin(options, clock.nowMs() + waitMs);
  const { connection, keys } = primary;
  try {
    const { index, bytes } = idempotencyKeys(keys);
    const allKeys = [...tableNames.map((table) => keys[table]), index, bytes];
    const remove = () => connection.script(removeScript, allKeys, [force ? "1" : "0"]);
    let reply = (await remove()) as (Buffer | number)[];
    if (String(reply[0]) === "held") {
      await sleep(clock, Math.min(Number(reply[2]), redisLimits.strayLeaseMsMax) + leaseSlackMs);
      reply = (await remove()) as (Buffer | number)[];
    }
    if (String(reply[0]) === "held") {
      const rule = "stop it first, or give --force";
      throw new MantaError(
        "already_exists",
        `the control store ${String(reply[1])} leads in namespace ${JSON.stringify(namespace)} of ${config.description}: ${rule}`,
      );
    }
    return removedKeys(reply.slice(1));
  } catch (error) {
    throw error instanceof MantaError ? error : redisFailure(error, connection.where).error;
  } finally {
    connection.close();
  }
};

const leaseSlackMs = 100;

const connectWithin = async (options: RemoveNamespaceOptions, deadlineMs: number): Promise<PrimaryConnection> => {
  const { clock } = options;
  for (;;) {
    try {
      return await connectToPrimary(options);
    } catch (error) {
      if (clock.nowMs() + redisLimits.reconnectMaxMs > deadlineMs) throw error;
      await sleep(clock, redisLimits.reconnectMaxMs);
    }
  }
};

const removedKeys = (pairs: readonly (Buffer | number)[]): RemovedKey[] => {
  const removed: RemovedKey[] = [];
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    removed.push({ key: String(pairs[index]), entries: Number(pairs[index + 1]) });
  }
  return removed;
};
