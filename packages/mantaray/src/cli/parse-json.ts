import type { z } from "zod";
import { MantaError } from "../base/errors.ts";
import { plainValue } from "./plain-text.ts";

/** Checks what a server sent against what the command understands; `protocol_error` names the first difference. */
export const parseJson = <Schema extends z.ZodType>(schema: Schema, text: string, what: string): z.output<Schema> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MantaError("protocol_error", `${what} is not JSON: is this the API server of a cluster?`, {
      cause: error,
    });
  }
  // Again after decoding: JSON can spell an escape as \u001b.
  const result = schema.safeParse(plainValue(value));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new MantaError(
    "protocol_error",
    `${what} is not understood: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
};
