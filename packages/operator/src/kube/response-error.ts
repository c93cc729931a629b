import { type ErrorDetails, KubeError } from "./kube-error.ts";

interface StatusBody {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: ErrorDetails;
}

/** The error in an answer with a status of 400 or more, or in an `ERROR` of a watch. */
export const errorOfStatus = (code: number, body: unknown, what: string, retryAfter?: string): KubeError => {
  const status: StatusBody = typeof body === "object" && body !== null ? body : {};
  const seconds = Number(retryAfter);
  const retryAfterSeconds =
    retryAfter !== undefined && Number.isFinite(seconds) ? seconds : status.details?.retryAfterSeconds;
  const text = status.message ?? (typeof body === "string" && body !== "" ? body.slice(0, 500) : `HTTP ${code}`);
  const details = { ...status.details, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return new KubeError(status.code ?? code, status.reason ?? reasonOf(code), `${what}: ${text}`, details);
};

/** The error when there was no answer. `sent` false: the request did not leave, so nothing can have happened. */
export const errorOfFailure = (error: unknown, what: string): KubeError & { readonly sent?: boolean } => {
  if (error instanceof KubeError) return error;
  const failure = error as NodeJS.ErrnoException;
  const text = failure.message === "" ? (failure.code ?? failure.name) : failure.message;
  const isTimeout = failure.name === "TimeoutError" || /TIMEOUT/.test(failure.code ?? "");
  const kubeError = new KubeError(0, isTimeout ? "Timeout" : "Unreachable", `${what}: ${text}`, {}, error);
  return Object.assign(kubeError, { sent: !notSent.has(failure.code ?? "") });
};

const notSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

const reasonOf = (code: number): string => reasons[code] ?? (code >= 500 ? "InternalError" : "Unknown");

/** Where a proxy or load balancer answers instead of the API server, with no `Status`. */
const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  503: "ServiceUnavailable",
  504: "Timeout",
};
