import { MantaError } from "../../base/errors.ts";
import { redisLimits } from "./limits.ts";

/** What a failed connection or command means. Every one is `unavailable`: the same call may be repeated. */
export interface RedisFailure {
  readonly error: MantaError;
  /** The server is not the one to talk to, or no longer: look for the primary again. */
  readonly reconnect: boolean;
  /** `host:port` of the server that answered for ours (Redis Cluster). */
  readonly movedTo?: string;
  readonly reply?: string;
}

/**
 * Says what an error of the client means, and where it happened. Only its text is kept: the client attaches
 * the command with its arguments, passwords included, to what it throws.
 */
export const redisFailure = (thrown: unknown, where: string): RedisFailure => {
  const { message, code } = thrown as { message?: string; code?: string };
  const text = message ?? String(thrown);
  const reply = replyKinds.find(({ token }) => new RegExp(`(^|[^A-Z])${token}`).test(text));
  if (reply !== undefined) {
    const moved = reply.token === "MOVED" ? /MOVED \d+ (\S+)/.exec(text)?.[1] : undefined;
    return {
      error: redisUnavailable(where, `${reply.says}${reply.quote === true ? `: ${shortened(text)}` : ""}`, reply.token),
      reconnect: reply.reconnect ?? false,
      reply: reply.token,
      ...(moved === undefined ? {} : { movedTo: moved }),
    };
  }
  const says = networkTexts.find(({ pattern }) => pattern.test(code ?? "") || pattern.test(text))?.says;
  if (says !== undefined) {
    return { error: redisUnavailable(where, `${says} (${code ?? shortened(text)})`, code ?? ""), reconnect: true };
  }
  if (isTlsFailure(code, text)) {
    return { error: redisUnavailable(where, `failed the TLS handshake: ${shortened(text)}`, "TLS"), reconnect: true };
  }
  return { error: redisUnavailable(where, `answered ${JSON.stringify(shortened(text))}`, "ERR"), reconnect: false };
};

/** `unavailable`, with the place and the reason. */
export const redisUnavailable = (where: string, says: string, reply = ""): MantaError =>
  new MantaError("unavailable", `Redis at ${where} ${says}`, { details: { redis: where, reply } });

interface ReplyKind {
  readonly token: string;
  readonly says: string;
  readonly reconnect?: boolean;
  /** The server's own text says more. */
  readonly quote?: boolean;
}

// The first that occurs counts: servers wrap the replies that a script got into texts of their own.
const replyKinds: readonly ReplyKind[] = [
  { token: "MOVED", says: "does not hold this namespace's slot", reconnect: true },
  { token: "ASK \\d", says: "is moving this namespace's slot to another server" },
  { token: "TRYAGAIN", says: "is moving this namespace's slot to another server" },
  { token: "CROSSSLOT", says: "is part of a cluster, and this user may not ask for that (INFO)", reconnect: true },
  { token: "CLUSTERDOWN", says: "is part of a cluster that is down", quote: true },
  { token: "READONLY", says: "is a read-only replica", reconnect: true },
  { token: "MASTERDOWN", says: "is a replica that has lost its primary", reconnect: true },
  { token: "OOM", says: "is out of memory (its maxmemory is reached)" },
  { token: "MISCONF", says: "refuses writes because it cannot save to its disk" },
  { token: "NOREPLICAS", says: "refuses writes because too few replicas are connected" },
  { token: "LOADING", says: "is still loading its data" },
  { token: "BUSY", says: "is busy with a script that runs for too long" },
  {
    token: "NOAUTH",
    says: "wants a password (REDIS_PASSWORD, --redis-password or one in RAY_REDIS_ADDRESS)",
    reconnect: true,
  },
  { token: "WRONGPASS", says: "refuses the user name or the password", reconnect: true },
  { token: "invalid password", says: "refuses the password", reconnect: true },
  { token: "without any password configured", says: "takes no password, but one is set", reconnect: true },
  { token: "no password is set", says: "takes no password, but one is set", reconnect: true },
  { token: "wrong number of arguments for 'auth'", says: "is too old for user names", reconnect: true },
  { token: "NOPERM", says: "does not permit this user what the store needs", quote: true },
  { token: "DB index is out of range", says: "has no database of this number", reconnect: true },
  { token: "SELECT is not allowed in cluster mode", says: "is part of a cluster, which has only database 0" },
  { token: "max number of clients reached", says: "has reached its greatest number of clients", reconnect: true },
  { token: "DENIED", says: "is in protected mode: it takes connections of its own machine only", reconnect: true },
  { token: "WRONGTYPE", says: "holds something else under this namespace's keys" },
];

const networkTexts: readonly { readonly pattern: RegExp; readonly says: string }[] = [
  { pattern: /ECONNREFUSED/, says: "refuses connections" },
  { pattern: /ENOTFOUND|EAI_AGAIN/, says: "cannot be found: its name does not resolve" },
  { pattern: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, says: "cannot be reached" },
  { pattern: /ETIMEDOUT|timed out/i, says: "does not answer" },
  {
    pattern: /ECONNRESET|EPIPE|Connection is closed|closed the connection|isn't writeable/,
    says: "closed the connection",
  },
];

const isTlsFailure = (code: string | undefined, text: string): boolean =>
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|ERR_OSSL)/.test(code ?? "") ||
  /\b(SSL|TLS|certificate)\b/i.test(text);

const shortened = (text: string): string => text.replaceAll(/\s+/g, " ").slice(0, redisLimits.replyTextMax);
