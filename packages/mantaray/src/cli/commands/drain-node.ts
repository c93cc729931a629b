import { Command, Option } from "commander";
import { MantaError } from "../../base/errors.ts";
import type { CliContext } from "../context.ts";
import { findNode } from "../drain/find-node.ts";
import { cliLimits } from "../limits.ts";
import { positiveNumber } from "../state-options.ts";
import { withCluster } from "../with-cluster.ts";

interface DrainNodeOptions {
  readonly address?: string;
  readonly nodeId: string;
  readonly reason: string;
  readonly reasonMessage: string;
  readonly deadlineRemainingSeconds?: number;
}

const reasons = ["DRAIN_NODE_REASON_IDLE_TERMINATION", "DRAIN_NODE_REASON_PREEMPTION"] as const;

/** `manta drain-node`: `drain` by the words of the reference, which operators and autoscalers use. Does not wait. */
export const command = (context: CliContext): Command =>
  new Command("drain-node")
    .description("drain, by the reference's words; returns once the node is told")
    .option("--address <host:port>", "control store (default: RAY_ADDRESS, else the cluster of this machine)")
    .requiredOption("--node-id <hex>", "id of the node")
    .addOption(new Option("--reason <name>", "why").choices(reasons).makeOptionMandatory())
    .requiredOption("--reason-message <text>", "the same for people")
    .option("--deadline-remaining-seconds <seconds>", "the machine goes after this long", positiveNumber)
    .action((options: DrainNodeOptions) => drainNode(context, options));

const drainNode = async (context: CliContext, options: DrainNodeOptions): Promise<void> => {
  const { address, nodeId, reason, reasonMessage, deadlineRemainingSeconds: leftS } = options;
  const where = { ...(address === undefined ? {} : { address }), timeoutMs: cliLimits.connectTimeoutMs };
  await withCluster(context, where, async (cluster) => {
    const { nodes } = await cluster.gcs.listNodes({}, { timeoutMs: cliLimits.requestTimeoutMs });
    const node = findNode(nodes, nodeId);
    if (node.nodeId !== nodeId) throw new MantaError("not_found", `there is no live node ${nodeId}`);
    const order = { nodeId: node.nodeId, reason: `${reason}: ${reasonMessage}` };
    const timeoutMs = (leftS ?? cliLimits.drainTimeoutS) * 1_000;
    await cluster.gcs.drainNode({ ...order, timeoutMs }, { timeoutMs: cliLimits.requestTimeoutMs });
    context.print(`Node ${nodeId} leaves within ${timeoutMs / 1_000} s.\n`);
  });
};
