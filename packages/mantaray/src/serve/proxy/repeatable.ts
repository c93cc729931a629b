/** Methods that are safe or idempotent by RFC 9110, section 9.2: running one twice does what running it once does. */
const idempotentMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export const isIdempotent = (method: string): boolean => idempotentMethods.has(method);
