import { keyedLimits } from "./limits.ts";

/**
 * The key that the value of an `Idempotency-Key` field holds: a string of structured fields (RFC 8941, section
 * 3.3.3) as the draft wants it, or the bare text that many clients send. Undefined when it is neither, empty or
 * too long.
 */
export const idempotencyKeyOf = (value: string): string | undefined => {
  const key = value.startsWith('"') ? unquoted(value) : value;
  if (key === undefined || key === "" || key.length > keyedLimits.keyCharsMax) return undefined;
  return visible.test(key) ? key : undefined;
};

/** Printable ASCII; a comma outside of quotes would be a list of keys. */
const visible = /^[\x20-\x7e]+$/;
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

const unquoted = (value: string): string | undefined => quoted.exec(value)?.[1]?.replaceAll(/\\(["\\])/g, "$1");
