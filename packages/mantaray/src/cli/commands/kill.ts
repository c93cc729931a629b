import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { withCluster } from "../with-cluster.ts";

interface KillOptions {
  readonly namespace: string;
  /** Commander's name for `--no-restart`. */
  readonly restart: boolean;
  readonly address?: string;
}

/** `manta kill actor NAME`. */
export const command = (context: CliContext): Command => {
  const actor = new Command("actor")
    .description("end an actor's process at once")
    .argument("<name>", "its name, as list actors shows it")
    .option("--namespace <name>", "namespace of the actor", "serve")
    .option("--no-restart", "end it for good, even where it may restart")
    .option("--address <host:port>", "control store (default: RAY_ADDRESS, else the cluster of this machine)")
    .addHelpText("after", "\nExample:\n  manta kill actor SERVE_CONTROLLER_ACTOR --no-restart")
    .action((name: string, options: KillOptions) => kill(context, name, options));
  return new Command("kill").description("end something of the cluster, to see it recover").addCommand(actor);
};

const kill = (context: CliContext, name: string, options: KillOptions): Promise<void> =>
  withCluster(
    context,
    { ...(options.address === undefined ? {} : { address: options.address }), timeoutMs: cliLimits.connectTimeoutMs },
    async (cluster) => {
      const handle = await cluster.getActor(name, { namespace: options.namespace });
      const { pid } = await handle.record();
      await cluster.kill(handle, { noRestart: !options.restart });
      context.print(`Killed actor ${name} (${handle.actorId}, pid ${pid ?? "none"}).\n`);
    },
  );
