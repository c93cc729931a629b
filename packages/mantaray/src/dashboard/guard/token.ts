import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Compares secrets in a time that tells nothing of either, their lengths included. */
export const sameSecret = (left: string, right: string): boolean =>
  timingSafeEqual(createHash("sha256").update(left).digest(), createHash("sha256").update(right).digest());

/** Whether one of the header values is `Bearer <token>`. */
export const bearerAllowed = (values: readonly (string | undefined)[], token: string): boolean =>
  values.some((value) => {
    const given = value === undefined ? undefined : /^Bearer +(\S+)$/i.exec(value)?.[1];
    return given !== undefined && sameSecret(given, token);
  });

/** Name of the session cookie. */
export const sessionCookieName = "manta-session";

/**
 * The value of a session cookie: an expiry and its proof. Never the token itself, because a browser
 * sends cookies to every port of a host, and applications run on other ports.
 */
export const sessionCookie = (token: string, expiresMs: number): string =>
  `${expiresMs}.${createHmac("sha256", token).update(`manta-session ${expiresMs}`).digest("base64url")}`;

/** Whether a `Cookie` header holds a session of this token that has not expired. */
export const cookieAllowed = (header: string | undefined, token: string, nowMs: number): boolean => {
  if (header === undefined) return false;
  for (const pair of header.split(";")) {
    const [name, value] = splitOnce(pair.trim(), "=");
    if (name !== sessionCookieName) continue;
    const expiresMs = Number(splitOnce(value, ".")[0]);
    if (Number.isSafeInteger(expiresMs) && expiresMs > nowMs && sameSecret(value, sessionCookie(token, expiresMs))) {
      return true;
    }
  }
  return false;
};

/** `Set-Cookie` of a new session. */
export const sessionSetCookie = (token: string, nowMs: number, sessionMs: number): string =>
  [
    `${sessionCookieName}=${sessionCookie(token, nowMs + sessionMs)}`,
    "Path=/",
    `Max-Age=${Math.floor(sessionMs / 1000)}`,
    "HttpOnly",
    "SameSite=Strict",
  ].join("; ");

const splitOnce = (text: string, separator: string): readonly [string, string] => {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
};
