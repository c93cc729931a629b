import { Command } from "commander";
import { MantaError } from "../../base/errors.ts";
import type { CliContext } from "../context.ts";
import { appStatus, serveStatus } from "../output/serve-status.ts";
import { yamlText } from "../output/yaml-text.ts";
import { fetchServeDetails, type ServeOptions, withAddressOption } from "./serve-client.ts";

interface StatusOptions extends ServeOptions {
  readonly name?: string;
}

/** `manta serve status`. */
export const serveStatusCommand = (context: CliContext): Command =>
  withAddressOption(new Command("status"))
    .description("show the status of applications, deployments and proxies, as YAML")
    .option("-n, --name <app>", "of this application only")
    .action(async (options: StatusOptions) => {
      const details = await fetchServeDetails(context, options);
      if (details.notice !== undefined) context.warn(details.notice);
      context.print(yamlText(selected(details, options.name), { floats: ["last_deployed_time_s"] }));
    });

const selected = (details: Parameters<typeof serveStatus>[0], name: string | undefined): unknown => {
  if (name === undefined) return serveStatus(details);
  const app = details.applications[name];
  if (app === undefined) throw new MantaError("not_found", `application ${JSON.stringify(name)} does not exist`);
  return appStatus(app);
};
