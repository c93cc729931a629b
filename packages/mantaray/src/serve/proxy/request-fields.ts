/** The fields of a request that mean something to the proxy. Undefined when absent. */
export interface RequestFields {
  requestId: string | undefined;
  /** As sent. */
  timeoutSeconds: string | undefined;
  hasIdempotencyKey: boolean;
  /** The client may leave, its request is to be finished. */
  ignoreDisconnect: boolean;
}

/**
 * Finds them in one pass over a head that the parser has accepted (one character a byte). The first of
 * several equal fields counts. Writes into `fields`, which the caller reuses.
 */
export const readRequestFields = (head: string, fields: RequestFields): void => {
  fields.requestId = undefined;
  fields.timeoutSeconds = undefined;
  fields.hasIdempotencyKey = false;
  fields.ignoreDisconnect = false;
  let at = head.indexOf("\n") + 1;
  for (;;) {
    const end = head.indexOf("\n", at);
    if (end - at < 2) return;
    // Only names that begin with x or i are looked at.
    const first = head.charCodeAt(at) | toLower;
    if (first === letterX) readExtension(head, at, end, fields);
    else if (first === letterI && isName(head, at, "idempotency-key")) fields.hasIdempotencyKey = true;
    at = end + 1;
  }
};

export const newRequestFields = (): RequestFields => ({
  requestId: undefined,
  timeoutSeconds: undefined,
  hasIdempotencyKey: false,
  ignoreDisconnect: false,
});

const toLower = 0x20;
const letterX = 0x78;
const letterI = 0x69;
const colon = 58;

const readExtension = (head: string, at: number, end: number, fields: RequestFields): void => {
  if (isName(head, at, "x-request-id")) fields.requestId ??= valueOf(head, at + 13, end);
  else if (isName(head, at, "x-request-timeout-seconds")) fields.timeoutSeconds ??= valueOf(head, at + 26, end);
  else if (isName(head, at, "x-request-disconnect-disabled")) {
    fields.ignoreDisconnect = valueOf(head, at + 30, end) === "?1";
  }
};

const isName = (head: string, at: number, name: string): boolean =>
  head.charCodeAt(at + name.length) === colon && head.slice(at, at + name.length).toLowerCase() === name;

const valueOf = (head: string, from: number, end: number): string => head.slice(from, end).trim();
