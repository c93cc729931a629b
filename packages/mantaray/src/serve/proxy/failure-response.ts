import { errorCodes } from "../../base/error-codes.ts";
import { retryAfterSecondsOf } from "../../base/retry-after.ts";
import type { RequestFailure } from "../routing/index.ts";
import { proxyLimits } from "./limits.ts";

/** A response of the proxy's own. */
export interface OwnResponse {
  readonly status: number;
  readonly body: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a refusal says about itself. */
interface About {
  readonly requestId: string;
  readonly timeoutMs: number;
  /** What the deployment wants a full queue to be answered with. */
  readonly backpressure?: { readonly status: number; readonly retryAfterS: number | null } | undefined;
}

/** Status and text of a failure that no response of the application has preceded (reference 4.4). */
export const failureResponse = (
  { code, message }: RequestFailure,
  { requestId, timeoutMs, backpressure }: About,
): OwnResponse => {
  let text = message;
  if (code === "internal") text = "Internal Server Error";
  else if (code === "deadline_exceeded") text = `Request ${requestId} timed out after ${timeoutMs / 1_000}s.`;
  const full = code === "queue_full" ? backpressure : undefined;
  const status = full?.status ?? errorCodes[code].status;
  const response = ownResponse(status, text, requestId);
  const fields: Record<string, string> = { ...response.fields, [reasonField]: code };
  if (status === 503 || status === 429) {
    fields["retry-after"] = String(Math.ceil(full?.retryAfterS ?? retryAfterSecondsOf(code)));
  }
  return { ...response, fields };
};

/** Of a failure of ours: its code, for programs. */
const reasonField = "x-manta-reason";
/** Of an answer that took more than one replica: how often the request was sent again after a failure. */
export const retriesField = "x-manta-retries";

/** Every 503 of ours says when to come back. */
export const ownResponse = (status: number, body: string, requestId: string): OwnResponse => ({
  status,
  body,
  fields:
    status === 503
      ? { "x-request-id": requestId, "retry-after": String(proxyLimits.retryAfterSeconds) }
      : { "x-request-id": requestId },
});

/** No route: where to look (reference 4.4). */
export const notFoundText = (path: string): string =>
  `Path '${path}' not found. Query /-/routes for the route table of this proxy.`;
