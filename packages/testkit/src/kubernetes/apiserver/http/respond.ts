import type { ServerResponse } from "node:http";
import { ApiError } from "../../api/api-error.ts";

const jsonType = "application/json";

/** Sends JSON: a value, or its text. */
export const sendJson = (
  response: ServerResponse,
  code: number,
  body: string | object,
  contentType: string = jsonType,
): void => {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  response.writeHead(code, { "content-type": contentType, "content-length": bytes.length });
  response.end(bytes);
};

/** Sends a refusal as a Status. An error which is none is a fault of this server. */
export const sendError = (response: ServerResponse, error: unknown): void => {
  const refusal = asApiError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { retryAfterSeconds } = refusal.details;
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
  sendJson(response, refusal.code, refusal.status);
};

/** Any error as one that can be answered. */
export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(
        "InternalError",
        `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
      );

/** Texts for whoever reads the answer. https://kubernetes.io/docs/reference/using-api/api-concepts/#warnings */
export const addWarnings = (response: ServerResponse, warnings: readonly string[]): void => {
  if (warnings.length === 0) return;
  response.setHeader(
    "warning",
    warnings.map((text) => `299 - "${quoted(text)}"`),
  );
};

const quoted = (text: string): string =>
  text.replaceAll(/[\\"]/g, (char) => `\\${char}`).replaceAll(/[^\x20-\x7e]/g, " ");
