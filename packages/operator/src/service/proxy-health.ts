import type { HttpClient } from "./http-call.ts";
import { serviceLimits } from "./limits.ts";

/** What a pod's proxy says, over the last looks at it. */
export interface ProxyReport {
  /** Whether it may get traffic; false only after `healthFailures` bad looks in a row, undefined while nothing is sure. */
  readonly healthy: boolean | undefined;
  /** Bad looks in a row. */
  readonly failures: number;
  /** Requests it is answering; undefined: it did not say. */
  readonly ongoing: number | undefined;
}

/** Asks a proxy for its health (reference, section 4.7). Never rejects. */
export const askProxy = async (
  http: HttpClient,
  url: string,
  former: ProxyReport | undefined,
): Promise<ProxyReport> => {
  const answer = await http({ url, timeoutMs: serviceLimits.healthTimeoutMs }).catch(() => undefined);
  const count = Number(answer?.headers[ongoingHeader] ?? Number.NaN);
  return nextReport(former, answer?.status === 200, Number.isInteger(count) ? count : undefined);
};

/** The report after one more look: one good look suffices to be healthy, two bad ones not to be. */
export const nextReport = (
  former: ProxyReport | undefined,
  isGood: boolean,
  ongoing: number | undefined,
): ProxyReport => {
  if (isGood) return { healthy: true, failures: 0, ongoing };
  const failures = Math.min((former?.failures ?? 0) + 1, serviceLimits.healthFailures);
  return { healthy: failures < serviceLimits.healthFailures ? former?.healthy : false, failures, ongoing };
};

/** How soon to look again. */
export const proxyIntervalMs = ({ failures }: ProxyReport): number =>
  failures > 0 && failures < serviceLimits.healthFailures ? serviceLimits.healthRetryMs : serviceLimits.healthPollMs;

/** What of a report decides something. */
export const proxyFingerprint = ({ healthy, ongoing }: ProxyReport): string =>
  `${healthy}:${ongoing === undefined ? "?" : Math.min(ongoing, 1)}`;

/** Our proxies say here how many requests they are answering. */
const ongoingHeader = "x-manta-ongoing";
