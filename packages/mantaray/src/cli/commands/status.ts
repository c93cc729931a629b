import { Command } from "commander";
import { clusterStatusText, fetchClusterStatus } from "../../actor/index.ts";
import { localTimestamp } from "../../base/local-timestamp.ts";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { plainText } from "../plain-text.ts";
import { withCluster } from "../with-cluster.ts";

interface StatusOptions {
  readonly verbose: boolean;
  readonly address?: string;
}

/** `manta status`: asked of the control store itself, so that it works without the API server. */
export const command = (context: CliContext): Command =>
  new Command("status")
    .description("show nodes, resources in use and resources waited for")
    .option("-v, --verbose", "also each node's own resources", false)
    .option("--address <host:port>", "control store (default: RAY_ADDRESS, else the cluster of this machine)")
    .action((options: StatusOptions) => status(context, options));

const status = (context: CliContext, options: StatusOptions): Promise<void> =>
  withCluster(
    context,
    { ...(options.address === undefined ? {} : { address: options.address }), timeoutMs: cliLimits.connectTimeoutMs },
    async (cluster) => {
      const found = await fetchClusterStatus(cluster.gcs, cliLimits.requestTimeoutMs);
      const nowMs = context.clock.wallMs();
      const text = clusterStatusText(found, { timestamp: localTimestamp(nowMs), nowMs, verbose: options.verbose });
      context.print(`${plainText(text)}\n`);
    },
  );
