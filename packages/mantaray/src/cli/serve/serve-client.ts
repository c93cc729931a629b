import type { Command } from "commander";
import { type ServeDetails, serveDetailsSchema } from "../../protocol/serve-details.ts";
import type { CliContext } from "../context.ts";
import { parseJson } from "../parse-json.ts";
import { dashboardUrls } from "../rest-address.ts";
import { RestClient } from "../rest-client.ts";

/** Path of the Serve REST. */
export const applicationsPath = "/api/serve/applications/";

/** Option that all `serve` commands share. */
export interface ServeOptions {
  readonly address?: string;
}

/** Adds `-a`. */
export const withAddressOption = (command: Command): Command =>
  command.option("-a, --address <url>", "API server (default: RAY_DASHBOARD_ADDRESS, else http://localhost:8265)");

/** A client of the API server that the options name. */
export const serveClient = (context: CliContext, options: ServeOptions): RestClient =>
  new RestClient(dashboardUrls(options.address, context), context.env);

/** What is deployed and how it is. */
export const fetchServeDetails = async (context: CliContext, options: ServeOptions): Promise<ServeDetails> => {
  const text = await serveClient(context, options).text({ method: "GET", path: applicationsPath });
  return parseJson(serveDetailsSchema, text, "the details of Serve");
};
