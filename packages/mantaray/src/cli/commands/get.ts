import { Argument, Command } from "commander";
import type { CliContext } from "../context.ts";
import { stateEntryYaml } from "../output/yaml-text.ts";
import { apiServerUrls } from "../rest-address.ts";
import { RestClient } from "../rest-client.ts";
import { fetchStateList } from "../state-client.ts";
import { type StateOptions, withStateOptions } from "../state-options.ts";
import { stateResources } from "../state-resources.ts";

/** `manta get actors|nodes ID`. */
export const command = (context: CliContext): Command =>
  withStateOptions(new Command("get"))
    .description("show one entry of the cluster with all its columns, as YAML")
    .addArgument(new Argument("<resource>", "what it is").choices(stateResources))
    .argument("<id>", "its id, as list shows it")
    .action(async (resource: string, id: string, options: StateOptions) => {
      const client = new RestClient(apiServerUrls(options.address, context), context.env);
      const query = new URLSearchParams({ timeout: String(options.timeout) });
      const path = `${resource}/${encodeURIComponent(id)}`;
      const answer = await fetchStateList(client, path, query, options.timeout * 1000);
      for (const row of answer.result) context.print(stateEntryYaml(row));
    });
