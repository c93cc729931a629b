import { Command } from "commander";
import { type Cluster, clusterTempDir } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import { listLocalNodes, stopLocalNode } from "../../node/index.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import type { CliContext } from "../context.ts";
import { awaitDeparture } from "../drain/await-departure.ts";
import { findNode, hasStandby } from "../drain/find-node.ts";
import { cliLimits } from "../limits.ts";
import { positiveNumber } from "../state-options.ts";
import { withCluster } from "../with-cluster.ts";

interface DrainOptions {
  readonly timeoutS: number;
  readonly reason: string;
  readonly wait: boolean;
  readonly force: boolean;
  readonly local: boolean;
  readonly tempDir?: string;
  readonly address?: string;
}

/** `manta drain NODE`. */
export const command = (context: CliContext): Command =>
  new Command("drain")
    .description("let a node leave in order: what it does moves away first, and no request is lost")
    .argument("[node]", "beginning of its id, its ip or its name, as list nodes shows them")
    .option("--timeout-s <seconds>", "it leaves after this long at the latest", positiveNumber, cliLimits.drainTimeoutS)
    .option("--reason <text>", "for the events and the logs", "asked by an operator")
    .option("--no-wait", "return once the node is told")
    .option("-f, --force", "also a head without a standby: nothing can be changed until a head is back", false)
    .option("--local", "the node of this machine, also while no control store answers: for preemption notices", false)
    .option("--temp-dir <folder>", "with --local: where the node keeps its files (default: MANTA_TEMP_DIR)")
    .option("--address <host:port>", "control store (default: RAY_ADDRESS, else the cluster of this machine)")
    .addHelpText("after", "\nExamples:\n  manta drain 10.0.3.17 --timeout-s 300\n  manta drain --local --timeout-s 25")
    .action((node: string | undefined, options: DrainOptions) =>
      options.local ? drainLocal(context, node, options) : drain(context, node, options),
    );

const drain = async (context: CliContext, word: string | undefined, options: DrainOptions): Promise<void> => {
  if (word === undefined) {
    throw new MantaError("invalid_argument", "say which node, or --local", { details: { option: "node" } });
  }
  const { address, timeoutS, reason, wait, force } = options;
  const where = { ...(address === undefined ? {} : { address }), timeoutMs: cliLimits.connectTimeoutMs };
  await withCluster(context, where, async (cluster) => {
    const { nodes } = await cluster.gcs.listNodes({}, { timeoutMs: cliLimits.requestTimeoutMs });
    const node = findNode(nodes, word);
    if (node.isHead && !force && !hasStandby(nodes, node)) {
      throw new MantaError("invalid_argument", `${node.ip} is the head and no standby could lead: --force drains it`);
    }
    const timeoutMs = timeoutS * 1_000;
    await tell(cluster, node, { reason, timeoutMs });
    context.print(`Node ${node.ip} (${node.nodeId.slice(0, 8)}) leaves within ${timeoutS} s.\n`);
    if (!wait) return;
    const say = (line: string): void => context.print(`${line}\n`);
    await awaitDeparture(cluster, node, { timeoutMs, clock: context.clock, say });
    context.print("It has left.\n");
  });
};

/** Marks the node. */
const tell = async (
  cluster: Cluster,
  { nodeId }: NodeRecord,
  drainIt: { readonly reason: string; readonly timeoutMs: number },
): Promise<void> => {
  await cluster.gcs.drainNode({ nodeId, ...drainIt }, { timeoutMs: cliLimits.requestTimeoutMs });
};

/** On the node itself: by the control store where one answers, else by the signal that every agent takes as a drain. */
const drainLocal = async (context: CliContext, word: string | undefined, options: DrainOptions): Promise<void> => {
  const tempDir = options.tempDir ?? clusterTempDir(context.env);
  const alive = listLocalNodes(tempDir).filter((node) => node.alive);
  const [found, ...others] = alive.filter(
    ({ nodeId, ip }) => word === undefined || ip === word || nodeId.startsWith(word),
  );
  if (found === undefined) throw new MantaError("not_found", `no node of ${tempDir} runs on this machine`);
  if (others.length > 0) {
    const ips = [found, ...others].map(({ ip }) => ip).join(", ");
    throw new MantaError("invalid_argument", `several nodes run here (${ips}): say which`, {
      details: { option: "node" },
    });
  }
  try {
    await drain(context, found.nodeId, { address: found.address, ...options, force: true });
  } catch (thrown) {
    const error = MantaError.from(thrown);
    if (!error.retryable) throw error;
    context.warn(`manta: ${error.rawMessage}; the node leaves by itself`);
    if (!options.wait) {
      process.kill(found.pid, "SIGTERM");
      return;
    }
    const graceMs = options.timeoutS * 1_000 + cliLimits.drainSlackMs;
    const outcome = await stopLocalNode(found, { tempDir, graceMs, clock: context.clock });
    if (outcome === "killed")
      throw new MantaError("deadline_exceeded", "the node did not leave in time: it was killed");
    context.print("It has left.\n");
  }
};
