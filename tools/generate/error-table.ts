import { errorCodes } from "../../packages/mantaray/src/base/error-codes.ts";

/** The table of error codes as Markdown. */
export const errorTable = (): string =>
  [
    "| code | HTTP status | may be repeated |",
    "|---|---|---|",
    ...Object.entries(errorCodes).map(
      ([code, { status, retryable }]) => `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} |`,
    ),
  ].join("\n");
