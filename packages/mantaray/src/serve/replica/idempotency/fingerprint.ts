import { createHash } from "node:crypto";
import type { RequestHead } from "../http/request-head.ts";

/** Under which name a key is stored: the same word means another thing in another deployment. */
export const storedKey = (app: string, deployment: string, key: string): string => digest([app, deployment, key]);

/**
 * What tells two requests with one key apart: method, target, type and bytes of the body, and who asks, so that a
 * stranger who guesses a key is refused instead of shown an answer.
 */
export const fingerprintOf = (head: RequestHead, body: Uint8Array): string => {
  const { method, target, combined } = head;
  return digest([method, target, combined.get("content-type") ?? "", combined.get("authorization") ?? "", body]);
};

/** Each part with its length in front, so that no two lists of parts give the same bytes. */
const digest = (parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest("base64url");
};
