/** One field that a refusal is about. */
export interface ErrorCause {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly field?: string | undefined;
}

/** `details` of a `Status`. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface ErrorDetails {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly causes?: readonly ErrorCause[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * A call of the API that did not succeed. `code` is the HTTP status, 0 when there was no answer at all
 * (reason `Unreachable` or `Timeout`: a write may then have happened or not).
 */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Expired`, … or `Unreachable`, `Timeout`. */
  readonly reason: string;
  readonly details: ErrorDetails;

  constructor(code: number, reason: string, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get isNotFound(): boolean {
    return this.code === 404;
  }

  /** Somebody else has it already (a create), not a conflict of versions. */
  get isAlreadyExists(): boolean {
    return this.reason === "AlreadyExists";
  }

  /** The object has changed since it was read: read again and decide anew. */
  get isConflict(): boolean {
    return this.code === 409 && this.reason !== "AlreadyExists" && !this.isFieldConflict;
  }

  /** An apply without force, and a field belongs to another manager: trying again changes nothing. */
  get isFieldConflict(): boolean {
    return this.code === 409 && this.details.causes?.some((cause) => cause.reason === "FieldManagerConflict") === true;
  }

  /** The resource version is too old to go on from: list again. */
  get isExpired(): boolean {
    return this.code === 410;
  }

  /** The object breaks a rule: no use to send it again. */
  get isInvalid(): boolean {
    return this.code === 422 || this.code === 400;
  }

  get isForbidden(): boolean {
    return this.code === 403;
  }

  /** The namespace is being deleted: nothing can be created in it any more, and all in it goes. */
  get isNamespaceTerminating(): boolean {
    return this.details.causes?.some((cause) => cause.reason === "NamespaceTerminating") === true;
  }

  /** May pass by itself: overload, an API server that starts or stops, a network that breaks. */
  get isTransient(): boolean {
    return this.code === 0 || this.code === 429 || this.code >= 500;
  }
}

/** The error when it is one of the API's, else undefined. */
export const asKubeError = (error: unknown): KubeError | undefined => (error instanceof KubeError ? error : undefined);
