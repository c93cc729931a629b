import type { IncomingMessage } from "node:http";
import { parse as parseYaml } from "yaml";
import { ApiError } from "../../api/api-error.ts";
import { limits } from "../limits.ts";
import { decodeProtobuf } from "./protobuf/decode.ts";

/** The request's body. Throws `ApiError` (RequestEntityTooLarge) beyond the limit. */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.bodyBytesMax)
      throw new ApiError("RequestEntityTooLarge", `Request entity too large: limit is ${limits.bodyBytesMax}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** A body by its content type: JSON, YAML (of which JSON is a part) or protobuf. Undefined for none. Throws `ApiError`. */
export const parseBody = (bytes: Buffer, contentType: string): unknown => {
  if (contentType.includes("cbor")) {
    throw new ApiError(
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  }
  if (bytes.length === 0) return undefined;
  if (contentType.startsWith("application/vnd.kubernetes.protobuf")) return decodeProtobuf(bytes);
  const text = bytes.toString();
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!contentType.includes("yaml")) throw unreadable(error);
  }
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    throw unreadable(error);
  }
};

const unreadable = (cause: unknown): ApiError =>
  new ApiError(
    "BadRequest",
    `couldn't get version/kind; json parse error: ${cause instanceof Error ? cause.message : String(cause)}`,
  );
