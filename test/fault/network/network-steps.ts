import type { CutDirection, NetnsCluster } from "@manta/testkit/netns";
import type { Random } from "../../../packages/mantaray/src/base/random.ts";
import { randomBelow } from "../../../packages/mantaray/src/base/random.ts";
import { isSpread } from "../steps/spread.ts";
import { pause, timed } from "../steps/timed.ts";
import { until } from "../steps/whole.ts";
import type { StepResult } from "../types.ts";

/** Longer than the time after which a silent node is given up, so that its replicas are replaced elsewhere. */
const cutForMs = 25_000;

/** A fault of the network between nodes. */
export interface NetworkStep {
  readonly title: string;
  run(context: { readonly cluster: NetnsCluster; readonly random: Random }): Promise<StepResult>;
}

/** Cuts a worker off from every other node; clients still reach it, and it must go on serving them. */
const cutWorker = (direction: CutDirection, says: string): NetworkStep => ({
  title: `worker node, partition (${says})`,
  run: async ({ cluster, random }) => {
    const worker = cluster.workers[randomBelow(random, cluster.workers.length)];
    if (worker === undefined) throw new Error("there is no worker");
    cluster.cut(worker, direction);
    try {
      await pause(cutForMs);
    } finally {
      cluster.heal();
    }
    const recoveryMs = await timed(() => untilWholeNetwork(cluster));
    return {
      recoveryMs,
      measured: [{ bar: "twoOwners", value: await doubles(cluster) }],
      notes: [`${worker.name} for ${cutForMs / 1000} s`],
    };
  },
});

export const networkSteps: readonly NetworkStep[] = [
  cutWorker("both", "both directions"),
  cutWorker("out", "what it sends is lost"),
];

/**
 * Waits until every node is alive, every deployment has its replicas, spread over the workers as before the cut, and
 * no process is left that nobody wants.
 */
export const untilWholeNetwork = async (cluster: NetnsCluster): Promise<void> => {
  const { api, state } = cluster;
  await until(
    "the cluster whole",
    async () => {
      const { applications } = await api.apps();
      const apps = Object.values(applications);
      const deployments = apps.flatMap((app) => Object.entries(app.deployments));
      const alive = (await state.nodes()).filter((node) => node.state === "ALIVE");
      return (
        alive.length === cluster.nodes.length &&
        isSpread(
          applications,
          cluster.workers.map(
            ({ ip }) =>
              (replica) =>
                replica.node_ip === ip,
          ),
        ) &&
        deployments.every(
          ([name, { replicas, target_num_replicas: target }]) =>
            replicas.length === target &&
            replicas.every((replica) => replica.state === "RUNNING") &&
            cluster.nodes.flatMap((node) => node.pidsOf(`ServeReplica:${name}`)).length === target,
        )
      );
    },
    90_000,
  );
};

/** Names that more than one live actor has. */
const doubles = async ({ state }: NetnsCluster): Promise<number> => {
  const classes = ["ServeController", "HTTPProxyActor"];
  const actors = (await Promise.all(classes.map((name) => state.actors(name)))).flat();
  return actors.length - new Set(actors.map(({ name }) => name)).size;
};
