import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { RedisHost } from "./address.ts";
import type { RedisConfig, RedisCredentials } from "./config.ts";
import { hostText, RedisConnection, type RedisReply } from "./connection.ts";
import { redisFailure, redisUnavailable } from "./failures.ts";

/** Whom to ask for what. */
export interface SentinelQuestion {
  readonly hosts: readonly RedisHost[];
  /** Null: the only one they watch. */
  readonly primaryName: string | null;
  readonly credentials: RedisCredentials;
  readonly tls: RedisConfig["tls"];
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks all sentinels at the same time where the primary is and believes the majority of them, so that one that
 * hangs or was cut off neither delays nor misleads. Without a majority the most named one counts.
 */
export const askSentinels = async (question: SentinelQuestion): Promise<RedisHost> => {
  const { hosts } = question;
  const votes = new Map<string, { host: RedisHost; count: number }>();
  const failures: MantaError[] = [];
  const majority = Promise.withResolvers<RedisHost>();
  const asked = hosts.map(async (sentinel) => {
    try {
      const host = await askOne(sentinel, question);
      const vote = votes.get(hostText(host)) ?? { host, count: 0 };
      vote.count += 1;
      votes.set(hostText(host), vote);
      if (vote.count * 2 > hosts.length) majority.resolve(host);
    } catch (error) {
      failures.push(MantaError.from(error, "unavailable"));
    }
  });
  const most = Promise.all(asked).then(() => {
    const [best] = [...votes.values()].toSorted((a, b) => b.count - a.count);
    if (best !== undefined) return best.host;
    throw new MantaError(
      "unavailable",
      `no sentinel names the primary: ${failures.map(({ rawMessage }) => rawMessage).join("; ")}`,
    );
  });
  return Promise.race([majority.promise, most]);
};

const askOne = async (
  sentinel: RedisHost,
  { primaryName, credentials, tls, clock, signal }: SentinelQuestion,
): Promise<RedisHost> => {
  const connection = await RedisConnection.open({ target: sentinel, credentials, db: 0, tls, clock, signal });
  try {
    const name = primaryName ?? (await onlyPrimary(connection));
    const answer = await connection.command("SENTINEL", ["get-master-addr-by-name", name]);
    if (!Array.isArray(answer)) {
      throw redisUnavailable(connection.where, `(a sentinel) watches no primary named ${JSON.stringify(name)}`);
    }
    const [host, port] = answer.map(String);
    return { host: host ?? "", port: Number(port) };
  } catch (error) {
    throw error instanceof MantaError ? error : redisFailure(error, connection.where).error;
  } finally {
    connection.close();
  }
};

const onlyPrimary = async (connection: RedisConnection): Promise<string> => {
  const primaries = (await connection.command("SENTINEL", ["masters"])) as RedisReply[][];
  const names = primaries.map((fields) => String(fields[fields.findIndex((field) => String(field) === "name") + 1]));
  const [name] = names;
  if (names.length !== 1 || name === undefined) {
    const rule = "name one with redis+sentinel://host:port/NAME";
    throw redisUnavailable(connection.where, `(a sentinel) watches ${names.join(", ") || "nothing"}: ${rule}`);
  }
  return name;
};
