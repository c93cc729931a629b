import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { serveConfigCommand } from "../serve/config.ts";
import { serveDeployCommand } from "../serve/deploy.ts";
import { serveShutdownCommand } from "../serve/shutdown.ts";
import { serveStartCommand } from "../serve/start.ts";
import { serveStatusCommand } from "../serve/status.ts";

/** `manta serve …`: through the API server. */
export const command = (context: CliContext): Command =>
  new Command("serve")
    .description("deploy applications and see how they are")
    .addCommand(serveDeployCommand(context))
    .addCommand(serveStatusCommand(context))
    .addCommand(serveConfigCommand(context))
    .addCommand(serveStartCommand(context))
    .addCommand(serveShutdownCommand(context));
