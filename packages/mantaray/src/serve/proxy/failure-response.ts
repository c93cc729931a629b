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
  if (code === "internal") return ownResponse(500, "Internal Server Error", requestId);
  const text = code === "deadline_exceeded" ? `Request ${requestId} timed out after ${timeoutMs / 1_000}s.` : message;
  return ownResponse(errorCodes[code].status, text, requestId);
};

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
