import { Command } from "commander";
import { clusterTempDir } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import { listLocalNodes, stopLocalNode, sweepOrphans } from "../../node/index.ts";
import type { CliContext } from "../context.ts";
import { positiveNumber } from "../state-options.ts";

interface StopOptions {
  readonly force: boolean;
  /** s. */
  readonly gracePeriod?: number;
  readonly tempDir?: string;
}

/** `manta stop`. */
export const command = (context: CliContext): Command =>
  new Command("stop")
    .description("stop every node on this machine: in order, then by force")
    .option("-f, --force", "kill at once", false)
    .option(
      "-g, --grace-period <seconds>",
      "how long nodes may take to stop in order (default: 16; 30 where a worker's replicas move to other machines)",
      positiveNumber,
    )
    .option("--temp-dir <folder>", "where the nodes keep their files (default: MANTA_TEMP_DIR, else /tmp/manta)")
    .action((options: StopOptions) => stop(context, options));

/** As the reference's. */
const stoppingGraceS = 16;
/** Beyond what an agent takes to leave on SIGTERM. */
const movingGraceS = 30;

const stop = async (context: CliContext, options: StopOptions): Promise<void> => {
  const tempDir = options.tempDir ?? clusterTempDir(context.env);
  const alive = listLocalNodes(tempDir).filter((node) => node.alive);
  // With a head the cluster ends, and there is nowhere to move to.
  const moves = !alive.some((node) => node.head) && (options.gracePeriod ?? movingGraceS) >= movingGraceS;
  const graceS = options.gracePeriod ?? (moves ? movingGraceS : stoppingGraceS);
  const signal = moves ? ("SIGTERM" as const) : ("SIGINT" as const);
  const how = { tempDir, graceMs: graceS * 1000, force: options.force, signal, clock: context.clock };
  // Workers first: a head that goes before them has to declare them lost.
  const workers = alive.filter((node) => !node.head);
  const heads = alive.filter((node) => node.head);
  const outcomes = [
    ...(await Promise.all(workers.map((node) => stopLocalNode(node, how)))),
    ...(await Promise.all(heads.map((node) => stopLocalNode(node, how)))),
  ];
  const orphans = sweepOrphans(tempDir);
  const left = listLocalNodes(tempDir).filter((node) => node.alive);
  if (left.length > 0) {
    throw new MantaError(
      "internal",
      `${left.length} nodes did not stop (pids ${left.map((node) => node.pid).join(", ")})`,
    );
  }
  context.print(`${report(outcomes, orphans)}\n`);
};

const report = (outcomes: readonly ("stopped" | "killed")[], orphans: number): string => {
  if (outcomes.length === 0 && orphans === 0) return "Did not find any active Manta nodes.";
  const killed = outcomes.filter((outcome) => outcome === "killed").length;
  return [
    `Stopped all ${outcomes.length} Manta nodes.`,
    ...(killed > 0 ? [`${killed} of them by force.`] : []),
    ...(orphans > 0 ? [`Ended ${orphans} processes that a dead node had left behind.`] : []),
  ].join(" ");
};
