import { Argument, Command } from "commander";
import { localTimestamp } from "../../base/local-timestamp.ts";
import type { CliContext } from "../context.ts";
import { actorSummaryText } from "../output/state-text.ts";
import { apiServerUrls } from "../rest-address.ts";
import { RestClient } from "../rest-client.ts";
import { fetchActorSummary } from "../state-client.ts";
import { type StateOptions, withStateOptions } from "../state-options.ts";

/** `manta summary actors`. */
export const command = (context: CliContext): Command =>
  withStateOptions(new Command("summary"))
    .description("count actors by class and state, dead ones included")
    .addArgument(new Argument("<resource>", "what to count").choices(["actors"]))
    .action(async (_resource: string, options: StateOptions) => {
      const client = new RestClient(apiServerUrls(options.address, context), context.env);
      const query = new URLSearchParams({ timeout: String(options.timeout) });
      const summary = await fetchActorSummary(client, query, options.timeout * 1000);
      const classes = Object.values(summary.summary);
      context.print(actorSummaryText(classes, summary.total_actors, localTimestamp(context.clock.wallMs())));
    });
