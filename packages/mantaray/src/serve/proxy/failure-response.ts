import { errorCodes } from "../../base/error-codes.ts";
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
}

/** Status and text of a failure that no response of the application has preceded (reference 4.4). */
export const failureResponse = ({ code, message }: RequestFailure, { requestId, timeoutMs }: About): OwnResponse => {
  let text = message;
  if (code === "internal") text = "Internal Server Error";
  else if (code === "deadline_exceeded") text = `Request ${requestId} timed out after ${timeoutMs / 1_000}s.`;
  const response = ownResponse(errorCodes[code].status, text, requestId);
  return { ...response, fields: { ...response.fields, [reasonField]: code } };
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
