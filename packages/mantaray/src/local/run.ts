import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { LocalCluster, type LocalClusterOptions } from "./cluster.ts";
import { describeCluster, hintOf } from "./describe-cluster.ts";
import { followEvents } from "./follow-events.ts";
import { createPlan, type PlanOptions } from "./plan.ts";
import { watchFiles } from "./watch-files.ts";

/** What `manta run` needs. */
export interface RunOptions extends PlanOptions {
  readonly tempDir: string;
  /** Deploy again when a file below the app's folders changes. */
  readonly reload: boolean;
  readonly ports: Pick<LocalClusterOptions, "httpPort" | "dashboardPort" | "gcsPort" | "agentPort" | "subnet">;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Ends it now, without waiting for open requests. */
  readonly hurry?: AbortSignal;
  readonly print: (line: string) => void;
  readonly clock?: Clock;
}

/** Runs the target on a cluster on this machine until the signal fires; then ends every process of it. */
export const runLocal = async (options: RunOptions): Promise<void> => {
  const clock = options.clock ?? systemClock;
  const startedMs = clock.nowMs();
  const sinceMs = clock.wallMs();
  const plan = await createPlan(options);
  const stamp = (text: string): void => options.print(`${new Date(clock.wallMs()).toTimeString().slice(0, 8)} ${text}`);
  const cluster = new LocalCluster({
    plan,
    tempDir: options.tempDir,
    clock,
    ...options.ports,
    events: {
      onLost: (node, exit) => stamp(`${node.name} (${node.ip}) is lost: its agent ended with ${exit}`),
      onRestarted: (node) => stamp(`${node.name} (${node.ip}) is back, pid ${node.pid}`),
    },
  });
  const stopped = whenAborted(options.signal);
  options.hurry?.addEventListener("abort", () => cluster.kill(), { once: true });
  try {
    await unlessStopped(cluster.start(), stopped);
    const view = await unlessStopped(cluster.deploy(), stopped);
    options.print(describeCluster(cluster, view, hintFor(options)));
    options.print(`Ready in ${((clock.nowMs() - startedMs) / 1000).toFixed(1)} s. Ctrl-C ends everything.`);
    const unwatch = options.reload
      ? watchFiles(
          { folders: plan.appPath.slice(0, 1), outside: options.tempDir, clock },
          (file) => void redeploy(cluster, file, stamp),
        )
      : undefined;
    await followEvents(
      { gcsAddress: cluster.gcsAddress, token: cluster.token, clock, signal: options.signal, sinceMs },
      (event) => {
        // A node whose agent has ended was reported by that, with its name.
        const known = event.kind !== "node_lost" || cluster.nodes.some((node) => node.nodeId === event.fields.nodeId);
        if (known) stamp(event.message);
      },
    );
    unwatch?.();
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    options.print("Stopping.");
    await cluster.stop();
  }
};

const redeploy = async (cluster: LocalCluster, file: string, stamp: (text: string) => void): Promise<void> => {
  stamp(`${file} changed: deploying`);
  try {
    await cluster.deploy();
    stamp("the new version runs");
  } catch (error) {
    stamp(`the old version goes on: ${MantaError.from(error).rawMessage}`);
  }
};

const hintFor = (options: RunOptions): string | undefined => {
  const path = resolve(options.cwd, options.target);
  return existsSync(path) ? hintOf(readFileSync(path, "utf8")) : undefined;
};

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new MantaError("canceled", "stopped"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });

const unlessStopped = <T>(work: Promise<T>, stopped: Promise<never>): Promise<T> => {
  stopped.catch(() => {});
  return Promise.race([work, stopped]);
};
