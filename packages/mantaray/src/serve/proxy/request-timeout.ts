import { proxyLimits } from "./limits.ts";

/**
 * Time for one request, ms; 0 for no limit. `x-request-timeout-seconds` overrides the configured one: zero
 * or less switches it off, what is no number leaves it as it is.
 */
export const timeoutOf = (field: string | undefined, configuredMs: number | null): number => {
  if (field !== undefined && field !== "") {
    const seconds = Number(field);
    if (!Number.isNaN(seconds)) return seconds <= 0 ? 0 : Math.min(seconds * 1_000, proxyLimits.requestTimeoutMsMax);
  }
  return configuredMs ?? 0;
};
