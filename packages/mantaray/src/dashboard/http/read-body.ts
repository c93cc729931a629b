import type { IncomingMessage } from "node:http";
import { MantaError } from "../../base/errors.ts";

/** The whole body, or `payload_too_large` as soon as it is known to be over `bytesMax`. */
export const readBody = async (message: IncomingMessage, bytesMax: number): Promise<Buffer> => {
  const tooLarge = (): MantaError =>
    new MantaError("payload_too_large", `the body is over the limit of ${bytesMax} bytes`);
  if (Number(message.headers["content-length"] ?? 0) > bytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
