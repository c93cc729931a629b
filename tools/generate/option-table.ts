import { deploymentOptionTable, type OptionTable } from "../../packages/mantaray/src/serve/api/option-table.ts";

/** The table of deployment options as Markdown, members of object options below their owner. */
export const optionTable = (): string =>
  [
    "| in code | in `serveConfigV2` | default | rule |",
    "|---|---|---|---|",
    ...rowsOf(deploymentOptionTable, "", ""),
  ].join("\n");

const rowsOf = (table: OptionTable, codePrefix: string, keyPrefix: string): string[] =>
  Object.entries(table).flatMap(([name, option]) => [
    `| \`${codePrefix}${name}\` | \`${keyPrefix}${option.key}\` | ${defaultText(option.default)} | ${option.rule} |`,
    ...(option.members === undefined
      ? []
      : rowsOf(option.members, `${codePrefix}${name}.`, `${keyPrefix}${option.key}.`)),
  ]);

const defaultText = (value: unknown): string => (value === undefined ? "unset" : `\`${JSON.stringify(value)}\``);
