import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { yamlText } from "../output/yaml-text.ts";
import { fetchServeDetails, type ServeOptions, withAddressOption } from "./serve-client.ts";

interface ConfigOptions extends ServeOptions {
  readonly name?: string;
}

/** `manta serve config`. */
export const serveConfigCommand = (context: CliContext): Command =>
  withAddressOption(new Command("config"))
    .description("show the configs of the deployed applications, as they were submitted")
    .option("-n, --name <app>", "of this application only")
    .action(async (options: ConfigOptions) => {
      const { applications } = await fetchServeDetails(context, options);
      const configs = Object.entries(applications)
        .filter(([name, app]) => (options.name ?? name) === name && app.deployed_app_config !== null)
        .map(([, app]) => yamlText(app.deployed_app_config));
      context.print(configs.length === 0 ? "No configuration was found.\n" : configs.join("\n---\n\n"));
    });
