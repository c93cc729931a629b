import { Redis, type RedisOptions } from "ioredis";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { RedisHost } from "./address.ts";
import type { RedisConfig, RedisCredentials } from "./config.ts";
import { redisFailure, redisUnavailable } from "./failures.ts";
import { redisLimits } from "./limits.ts";
import { type RedisScript, scripts } from "./scripts.ts";
import { SocketConnector } from "./socket-connector.ts";
import { tlsOptions } from "./tls-options.ts";

/** An argument of a command. */
export type RedisArgument = string | Buffer;

/** A reply as the client hands it over: text as bytes. */
export type RedisReply = Buffer | number | null | RedisReply[];

/** What a server says of itself; empty where the user may not ask. */
export type RedisInfo = ReadonlyMap<string, string>;

/** How to open a connection. */
export interface ConnectionOptions {
  readonly target: RedisHost;
  readonly credentials: RedisCredentials;
  readonly db: number;
  readonly tls: RedisConfig["tls"];
  readonly clock: Clock;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One connection to one server. It never comes back: nothing is queued, sent again or connected again in here, so
 * a command is sent once at most, and commands are carried out in the order of the calls.
 */
export class RedisConnection {
  readonly where: string;
  readonly info: RedisInfo;
  /** Resolves with the reason when the connection is gone; with undefined when it was closed by `close`. */
  readonly ended: Promise<MantaError | undefined>;
  readonly #client: Redis;
  readonly #clock: Clock;
  #reason: MantaError | undefined;

  private constructor(client: Redis, where: string, info: RedisInfo, clock: Clock) {
    this.where = where;
    this.info = info;
    this.#client = client;
    this.#clock = clock;
    let closedByUs = false;
    this.#onClose = () => {
      closedByUs = true;
    };
    let lastError: unknown;
    client.on("error", (error: unknown) => {
      lastError = error;
    });
    this.ended = new Promise((resolve) => {
      const gone = (): void => {
        if (closedByUs && this.#reason === undefined) resolve(undefined);
        else resolve((this.#reason ??= redisFailure(lastError ?? new Error("Connection is closed"), where).error));
      };
      if (client.status === "end") gone();
      else client.once("end", gone);
    });
  }

  readonly #onClose: () => void;

  /** Connects, enters and asks who is there. Rejects with `unavailable`. */
  static async open(options: ConnectionOptions): Promise<RedisConnection> {
    const { target, clock, signal } = options;
    const where = hostText(target);
    if (signal?.aborted === true) throw new MantaError("unavailable", "the store is closed");
    const client = new Redis(clientOptions(options));
    let firstError: unknown;
    const keepFirst = (error: unknown): void => {
      firstError ??= error;
    };
    client.on("error", keepFirst);
    const timer = clock.after(redisLimits.connectTimeoutMs, () => {
      const tls = options.tls === null ? "" : "; it may not speak TLS";
      firstError ??= new Error(`timed out after ${redisLimits.connectTimeoutMs} ms${tls}`);
      client.disconnect();
    });
    const giveUp = (): void => client.disconnect();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await client.connect();
      timer.cancel();
      const info = await greet(client, options, where);
      return new RedisConnection(client, where, info, clock);
    } catch (error) {
      client.disconnect();
      throw error instanceof MantaError ? error : redisFailure(firstError ?? error, where).error;
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Sends a command; `bytes` of it or of its answer prolong the time it has. Rejects with what the client throws. */
  async command(name: string, args: readonly RedisArgument[], bytes = 0): Promise<RedisReply> {
    if (this.#reason !== undefined) throw this.#reason;
    const timeoutMs = redisLimits.commandTimeoutMs + (bytes / redisLimits.bytesPerSecondMin) * 1_000;
    const timer = this.#clock.after(timeoutMs, () => {
      this.end(redisUnavailable(this.where, `has not answered for ${Math.round(timeoutMs)} ms`, "TIMEOUT"));
    });
    try {
      return (await this.#client.callBuffer(name, ...args)) as RedisReply;
    } catch (error) {
      throw this.#reason ?? error;
    } finally {
      timer.cancel();
    }
  }

  /** Runs a script, by its hash where the server knows it. */
  async script(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    bytes = 0,
  ): Promise<RedisReply> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.command("EVALSHA", [script.sha, ...rest], bytes);
    } catch (error) {
      if (!/NOSCRIPT/.test((error as Error).message)) throw error;
      return await this.command("EVAL", [script.source, ...rest], bytes);
    }
  }

  /** Ends the connection because of a failure; what is under way fails with it. */
  end(reason: MantaError): void {
    this.#reason ??= reason;
    this.#client.disconnect();
  }

  close(): void {
    this.#onClose();
    this.#client.disconnect();
  }
}

/** `host:port`, with brackets around an IPv6 address. */
export const hostText = ({ host, port }: RedisHost): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

const clientOptions = ({ target, tls }: ConnectionOptions) =>
  ({
    host: target.host,
    port: target.port,
    lazyConnect: true,
    Connector: SocketConnector,
    protocol: 2 as const,
    // Our own clock bounds the time, see `open`.
    connectTimeout: redisLimits.connectTimeoutMs * 2,
    disconnectTimeout: 0,
    // A connection is used once: the link above finds the primary anew.
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    // Asked for in `greet`, together with everything else, so that a slow server costs one round trip.
    enableReadyCheck: false,
    disableClientInfo: true,
    ...(tls === null ? {} : { tls: tlsOptions(tls, target) }),
  }) satisfies RedisOptions;

/** Enters, selects the database, asks who is there and loads the scripts: in one round trip. */
const greet = async (
  client: Redis,
  { credentials, db, tls, clock }: ConnectionOptions,
  where: string,
): Promise<RedisInfo> => {
  let silence: MantaError | undefined;
  const timer = clock.after(redisLimits.commandTimeoutMs, () => {
    const hint = tls === null ? "; it may want TLS (rediss://)" : "";
    silence = redisUnavailable(where, `has not answered for ${redisLimits.commandTimeoutMs} ms${hint}`, "TIMEOUT");
    client.disconnect();
  });
  try {
    const { username, password } = credentials;
    const send = (name: string, ...args: string[]): Promise<unknown> => client.call(name, ...args);
    const required: Promise<unknown>[] = [];
    if (password !== undefined) {
      required.push(send("AUTH", ...(username === undefined ? [] : [username]), password.reveal()));
    }
    const information = send("INFO");
    if (db !== 0) required.push(send("SELECT", String(db)));
    const loaded = Promise.allSettled(scripts.map(({ source }) => send("SCRIPT", "LOAD", source)));
    const entered = await Promise.allSettled([...required, information]);
    await loaded;
    const refused = entered.slice(0, required.length).find((result) => result.status === "rejected");
    // A server without a password lets everybody in.
    if (refused !== undefined && !/no password is set|without any password/.test(String(refused.reason)))
      throw refused.reason;
    const answer = entered.at(-1);
    if (answer?.status === "fulfilled") return parseInfo(String(answer.value));
    const failure = redisFailure(answer?.reason, where);
    // A user who may not ask is served all the same: the first write tells what INFO would have told.
    if (failure.reply === "NOPERM") return new Map();
    throw answer?.reason;
  } catch (error) {
    throw silence ?? error;
  } finally {
    timer.cancel();
  }
};

const parseInfo = (text: string): RedisInfo =>
  new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return line.startsWith("#") || colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
