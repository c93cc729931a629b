import { STATUS_CODES } from "node:http";

/** Status of a raw response head: the three digits after `HTTP/1.x `. */
export const statusOf = (head: Uint8Array): number =>
  ((head[9] ?? 0) - digitZero) * 100 + ((head[10] ?? 0) - digitZero) * 10 + ((head[11] ?? 0) - digitZero);

/** Whether a raw head declares exactly this body length. It is found at once where it is the last field. */
export const declaresLength = (head: Uint8Array, bytes: number): boolean => {
  let at = head.length - endOfHeadBytes - 1;
  let left = bytes;
  do {
    if (head[at] !== digitZero + (left % 10)) return declaredLength(head) === bytes;
    left = Math.floor(left / 10);
    at -= 1;
  } while (left > 0);
  for (let name = lengthName.length - 1; name >= 0; name -= 1, at -= 1) {
    if (head[at] !== lengthName[name]) return declaredLength(head) === bytes;
  }
  return true;
};

/** Declared body length of a raw head, or -1. */
export const declaredLength = (head: Uint8Array): number => {
  const found = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n/i.exec(latin1(head));
  return found === null ? -1 : Number(found[1]);
};

/** Whether a raw head says that the body is a stream of server-sent events. */
export const isEventStream = (head: Uint8Array): boolean =>
  /\r\ncontent-type:[ \t]*text\/event-stream/i.test(latin1(head));

/** The head without `transfer-encoding`, for a client that knows no chunks. */
export const withoutTransferEncoding = (head: Uint8Array): Uint8Array =>
  Buffer.from(latin1(head).replace(/\r\ntransfer-encoding:[^\r]*(?=\r\n)/gi, ""), "latin1");

/** A complete response of the proxy's own. `fields` win over the defaults; `connection` is a field line or empty. */
export const textResponse = (
  status: number,
  body: string,
  options: { fields?: Readonly<Record<string, string>>; date: string; connection: string; bodyless: boolean },
): Buffer => {
  const fields: Record<string, string> = {
    "content-type": "text/plain; charset=utf-8",
    date: options.date,
    ...options.fields,
    "content-length": String(Buffer.byteLength(body)),
  };
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
  for (const name in fields) head += `${name}: ${fields[name]?.replace(/[\r\n\0]/g, " ")}\r\n`;
  head += `${options.connection}\r\n`;
  return Buffer.from(options.bodyless ? head : head + body);
};

const digitZero = 48;
const endOfHeadBytes = 4;
const lengthName = Buffer.from("\r\ncontent-length: ");

const latin1 = (bytes: Uint8Array): string => {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString("latin1");
};
