import { limits } from "../../packages/mantaray/src/base/limits.ts";

/** The limits that more than one layer agrees on, as Markdown. */
export const limitTable = (): string =>
  [
    "| limit | value |",
    "|---|---|",
    ...Object.entries(limits).map(([name, value]) => `| \`${name}\` | ${value.toLocaleString("en")} |`),
  ].join("\n");
