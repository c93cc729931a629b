import type { Readable } from "node:stream";
import { KubeError } from "./kube-error.ts";
import { kubeLimits } from "./limits.ts";

/** The JSON of an answer, or its text where it is none. Rejects beyond the limit of bytes. */
export const readBody = async (body: Readable, what: string): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > kubeLimits.responseBytesMax)
      throw new KubeError(413, "ResponseTooLarge", `${what}: the answer is over ${kubeLimits.responseBytesMax} bytes`);
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks, size).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
