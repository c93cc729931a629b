import { flags } from "../../packages/operator/src/runtime/flags.ts";

/** The operator's flags, as Markdown. */
export const flagTable = (): string =>
  [
    "| flag | default | meaning |",
    "|---|---|---|",
    ...Object.entries(flags).map(
      ([name, { help, default: value }]) => `| \`--${name}\` | ${value === "" ? "" : `\`${value}\``} | ${help} |`,
    ),
  ].join("\n");
