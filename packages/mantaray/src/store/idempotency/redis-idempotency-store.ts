import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { RedisConfig } from "../redis/config.ts";
import type { RedisReply } from "../redis/connection.ts";
import { idempotencyKeys } from "../redis/keys.ts";
import { RedisLink } from "../redis/link.ts";
import type { PrimaryConnection } from "../redis/primary.ts";
import type { RedisScript } from "../redis/scripts.ts";
import type { ClaimOutcome, IdempotencyBounds, IdempotencyStore, KeyClaim } from "./idempotency-store.ts";
import { idempotencyLimits } from "./limits.ts";
import { claimKeyScript, finishKeyScript, releaseKeyScript, renewKeyScript } from "./redis-idempotency-scripts.ts";

/** What a store in Redis is made with. */
export interface RedisIdempotencyOptions {
  readonly config: RedisConfig;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly bounds?: IdempotencyBounds;
}

/** Keys in the Redis that also keeps the control store's tables, under `RAY<namespace>@IDEMPOTENCY…`. */
export const openRedisIdempotencyStore = (options: RedisIdempotencyOptions): IdempotencyStore =>
  new RedisIdempotencyStore(options);

class RedisIdempotencyStore implements IdempotencyStore {
  readonly #link: RedisLink;
  readonly #bounds: IdempotencyBounds;

  constructor({ bounds, ...options }: RedisIdempotencyOptions) {
    this.#link = new RedisLink({ ...options, random: systemRandom, purpose: "idempotency keys", inOrder: false });
    this.#bounds = bounds ?? idempotencyLimits;
  }

  async claim(key: string, claim: KeyClaim): Promise<ClaimOutcome> {
    const { fingerprint, holder, leaseMs, deadHolder = "" } = claim;
    const reply = await this.#run(claimKeyScript, key, [fingerprint, holder, wholeMs(leaseMs), deadHolder]);
    const [kind, first, second] = Array.isArray(reply) ? reply : [];
    switch (String(kind)) {
      case "claimed":
        return { kind: "claimed" };
      case "running":
        return { kind: "running", fingerprint: String(first), holder: String(second) };
      case "finished":
        return { kind: "finished", fingerprint: String(first), answer: second as Buffer };
      default:
        throw new MantaError("unavailable", "Redis gave an answer that makes no sense to a claim of a key");
    }
  }

  async renew(key: string, holder: string, leaseMs: number): Promise<boolean> {
    return (await this.#run(renewKeyScript, key, [holder, wholeMs(leaseMs)])) === 1;
  }

  async finish(key: string, holder: string, answer: Buffer, keepMs: number): Promise<boolean> {
    const { answersMax, answerBytesMax } = this.#bounds;
    const bounds = [answersMax, answerBytesMax, idempotencyLimits.sweepMax].map(String);
    const args = [holder, answer, String(answer.length), wholeMs(keepMs), ...bounds];
    return (await this.#run(finishKeyScript, key, args, answer.length)) === 1;
  }

  async release(key: string, holder: string): Promise<void> {
    await this.#run(releaseKeyScript, key, [holder]);
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  #run(script: RedisScript, key: string, args: readonly (string | Buffer)[], bytes = 0): Promise<RedisReply> {
    return this.#link.run(({ connection, keys }: PrimaryConnection) => {
      const { record, index, bytes: sum } = idempotencyKeys(keys);
      return connection.script(script, [record + key, index, sum], args, bytes);
    });
  }
}

const wholeMs = (ms: number): string => String(Math.max(1, Math.ceil(ms)));
