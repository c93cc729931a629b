import { httpHeadVersion, requestHeadFixedBytes } from "../../../protocol/http-frames.ts";

/** What a proxy puts into the head of a request. */
export interface RequestHeadParts {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly routePrefix?: string;
  readonly requestId?: string;
  readonly clientAddress?: string;
  readonly flags?: number;
}

/** Head of an OPEN frame of kind `http`, as a proxy writes it: for tests and benchmarks. */
export const encodeRequestHead = (parts: RequestHeadParts): Buffer => {
  const { routePrefix = "/", requestId = "request-1", clientAddress = "127.0.0.1" } = parts;
  const fixed = Buffer.alloc(requestHeadFixedBytes);
  fixed[0] = httpHeadVersion;
  fixed[1] = parts.flags ?? 0;
  fixed.writeUInt16BE(routePrefix.length, 2);
  fixed.writeUInt16BE(requestId.length, 4);
  fixed.writeUInt16BE(clientAddress.length, 6);
  const fields = parts.fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const block = `${parts.method} ${parts.target} HTTP/1.1\r\n${fields}\r\n`;
  return Buffer.concat([fixed, Buffer.from(routePrefix + requestId + clientAddress + block, "latin1")]);
};
