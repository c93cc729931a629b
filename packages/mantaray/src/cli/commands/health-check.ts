import { Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { withCluster } from "../with-cluster.ts";

/** `manta health-check`: exit code 0 when the control store answers, else 1. */
export const command = (context: CliContext): Command =>
  new Command("health-check")
    .description("exit with 0 when the control store answers, with 1 when it does not")
    .option("--address <host:port>", "control store (default: RAY_ADDRESS, else the cluster of this machine)")
    .addOption(new Option("--component <name>", "accepted for compatibility").hideHelp())
    .addOption(new Option("--skip-version-check", "accepted for compatibility").hideHelp())
    .action((options: { readonly address?: string }) =>
      withCluster(
        context,
        {
          ...(options.address === undefined ? {} : { address: options.address }),
          timeoutMs: cliLimits.healthTimeoutMs,
        },
        async (cluster) => {
          await cluster.gcs.ping({}, { timeoutMs: cliLimits.healthTimeoutMs });
        },
      ),
    );
