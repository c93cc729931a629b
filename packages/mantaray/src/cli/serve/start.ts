import { Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { portNumber } from "../port-number.ts";
import {
  applicationsPath,
  fetchServeDetails,
  type ServeOptions,
  serveClient,
  withAddressOption,
} from "./serve-client.ts";

interface StartOptions extends ServeOptions {
  readonly httpHost?: string;
  readonly httpPort?: number;
  readonly proxyLocation?: string;
}

/** `manta serve start`: Serve without applications. */
export const serveStartCommand = (context: CliContext): Command =>
  withAddressOption(new Command("start"))
    .description("start Serve without an application; what runs stays as it is")
    .option("--http-host <host>", "where proxies listen")
    .option("--http-port <port>", "port of the proxies", portNumber)
    .addOption(
      new Option("--proxy-location <where>", "nodes with a proxy").choices(["Disabled", "HeadOnly", "EveryNode"]),
    )
    .action(async (options: StartOptions) => {
      const running = await fetchServeDetails(context, options);
      // A PUT is the goal state: it names what is there already, so that nothing is deleted.
      const applications = Object.values(running.applications).flatMap((app) =>
        app.source === "declarative" && app.deployed_app_config !== null ? [app.deployed_app_config] : [],
      );
      const http = {
        ...(options.httpHost === undefined ? {} : { host: options.httpHost }),
        ...(options.httpPort === undefined ? {} : { port: options.httpPort }),
      };
      const body = {
        ...(options.proxyLocation === undefined ? {} : { proxy_location: options.proxyLocation }),
        ...(Object.keys(http).length === 0 ? {} : { http_options: http }),
        applications,
      };
      const timeoutMs = cliLimits.deployTimeoutMs;
      await serveClient(context, options).text({ method: "PUT", path: applicationsPath, body, timeoutMs });
      context.print("Serve is started.\n");
    });
