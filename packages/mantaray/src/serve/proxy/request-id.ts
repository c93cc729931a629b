import { randomUUID } from "node:crypto";
import { proxyLimits } from "./limits.ts";

/** The client's own id when it is sane, else a new one: it is copied into heads and log lines. */
export const requestIdOf = (given: string | undefined): string =>
  given !== undefined && isSane(given) ? given : randomUUID();

/** Visible ASCII without the quotes, and short. */
const isSane = (id: string): boolean => {
  if (id.length === 0 || id.length > proxyLimits.requestIdCharsMax) return false;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    if (code < 0x21 || code > 0x7e || code === 0x22) return false;
  }
  return true;
};
