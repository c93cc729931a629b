import { Argument, Command, Option } from "commander";
import { localTimestamp } from "../../base/local-timestamp.ts";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { listText } from "../output/state-text.ts";
import { stateListYaml } from "../output/yaml-text.ts";
import { apiServerUrls } from "../rest-address.ts";
import { RestClient } from "../rest-client.ts";
import { fetchStateList } from "../state-client.ts";
import {
  type FilterOption,
  filterQuery,
  rowLimit,
  type StateOptions,
  withFilterOption,
  withStateOptions,
} from "../state-options.ts";
import { stateResources } from "../state-resources.ts";

interface ListOptions extends StateOptions {
  readonly filter: readonly FilterOption[];
  readonly format: "default" | "table" | "json" | "yaml";
  readonly limit: number;
  readonly detail: boolean;
}

/** `manta list actors|nodes`. */
export const command = (context: CliContext): Command =>
  withStateOptions(withFilterOption(new Command("list")))
    .description("list what is in the cluster")
    .addArgument(new Argument("<resource>", "what to list").choices(stateResources))
    .addOption(
      new Option("--format <format>", "how to print").choices(["default", "table", "json", "yaml"]).default("default"),
    )
    .option("--limit <rows>", "at most this many entries", rowLimit, cliLimits.rowsDefault)
    .option("--detail", "all columns, as YAML unless --format says otherwise", false)
    .addHelpText("after", '\nExample:\n  manta list actors --filter "class_name=ServeController"')
    .action((resource: string, options: ListOptions) => list(context, resource, options));

const list = async (context: CliContext, resource: string, options: ListOptions): Promise<void> => {
  const client = new RestClient(apiServerUrls(options.address, context), context.env);
  const query = filterQuery(options.filter);
  query.set("limit", String(options.limit));
  query.set("timeout", String(options.timeout));
  query.set("detail", String(options.detail));
  const answer = await fetchStateList(client, resource, query, options.timeout * 1000);
  context.print(format(context, answer.result, options));
  if (answer.num_filtered > answer.result.length) {
    context.warn(
      `${answer.result.length} of ${answer.num_filtered} entries: narrow them with --filter, or show more with --limit`,
    );
  }
};

const format = (
  context: CliContext,
  rows: readonly Readonly<Record<string, unknown>>[],
  options: ListOptions,
): string => {
  const wanted = options.format === "default" ? (options.detail ? "yaml" : "table") : options.format;
  if (wanted === "json") return `${JSON.stringify(rows, undefined, 4)}\n`;
  if (wanted === "table" || rows.length === 0) return listText(rows, localTimestamp(context.clock.wallMs()));
  return stateListYaml(rows);
};
