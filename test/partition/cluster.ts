import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { ActorRow } from "@manta/testkit";
import { type NetnsCluster, type NetnsClusterOptions, type NetnsNode, startNetnsCluster } from "@manta/testkit/netns";
import { expect } from "vitest";

/** Replicas of the one deployment of these tests, two a worker. */
export const replicasWanted = 6;

interface ActorTable {
  readonly data: { readonly result: { readonly result: readonly ActorRow[] } };
}

const [app, deploymentName] = ["where", "Where"];

/** Three workers, one deployment spread over them. */
export const startWhere = (options: Partial<NetnsClusterOptions> = {}): Promise<NetnsCluster> =>
  startNetnsCluster({
    workers: [4, 4, 4],
    appPath: [fileURLToPath(new URL("app", import.meta.url))],
    config: {
      applications: [
        {
          name: app,
          route_prefix: "/",
          import_path: "where:where",
          deployments: [
            {
              name: deploymentName,
              num_replicas: replicasWanted,
              max_ongoing_requests: 100,
              ray_actor_options: { num_cpus: 1 },
            },
          ],
        },
      ],
    },
    ...options,
  });

/** Addresses of the nodes that have running replicas, one entry a replica. */
export const replicaIps = async (cluster: NetnsCluster, state = cluster.state): Promise<string[]> =>
  (await state.replicas(app, deploymentName)).map((replica) => replica.node_ip);

/** State of a node as the State API has it: of its present life. */
export const nodeState = async (cluster: NetnsCluster, { ip }: NetnsNode): Promise<string | undefined> => {
  const rows = (await cluster.state.nodes()).filter((row) => row.node_ip === ip);
  return rows.find((row) => row.state === "ALIVE")?.state ?? rows[0]?.state;
};

/** Processes of replicas that exist, whoever knows of them. */
export const replicaPids = (cluster: NetnsCluster): number[] =>
  cluster.nodes.flatMap((node) => node.pidsOf(`ServeReplica:${deploymentName}`)).toSorted((a, b) => a - b);

/** What a cluster looks like where nothing is there twice and nothing lacks. */
const whole = (cluster: NetnsCluster) => ({
  replicas: replicasWanted,
  processes: replicasWanted,
  proxies: cluster.workers.map(() => 1),
});

/** As many replicas as wanted, by the control plane's view and by the processes there are, and each named actor once. */
export const expectOneOwner = async (cluster: NetnsCluster): Promise<void> => {
  let seen: unknown;
  try {
    await cluster.state.until("replicas and processes as wanted", async () => {
      seen = {
        replicas: (await replicaIps(cluster)).length,
        processes: replicaPids(cluster).length,
        proxies: cluster.workers.map((node) => node.pidsOf("HTTPProxyActor").length),
      };
      return isDeepStrictEqual(seen, whole(cluster));
    });
  } catch {
    expect(seen).toEqual(whole(cluster));
  }
  const table = (await cluster.api.getJson("/api/v0/actors?limit=10000")) as ActorTable;
  const live = table.data.result.result.filter(({ state, name }) => state !== "DEAD" && name !== "");
  const names = live.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(replicasWanted);
  expect(new Set(names).size).toBe(names.length);
};
