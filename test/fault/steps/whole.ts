import { waitFor } from "../../../packages/mantaray/src/base/wait.ts";
import type { FaultContext } from "../types.ts";

/** Looking costs the cluster time that the traffic would show. */
const lookMs = 100;

/** Waits until `probe` holds; errors of an API server that is away count as "not yet". */
export const until = <T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
  intervalMs = lookMs,
): Promise<T> => waitFor(probe, { what, timeoutMs, intervalMs });

/**
 * Waits until the cluster is whole: every node of the plan is alive, the workers and
 * the heads have a proxy, there is one controller, and every
 * deployment has the replicas it shall have, all running and none on its way out. Returns the replicas' pids.
 */
export const untilWhole = async (context: FaultContext, timeoutMs = 60_000): Promise<readonly number[]> => {
  let missing = "";
  const look = async (): Promise<readonly number[] | false> => {
    const found = await whatIsMissing(context);
    missing = typeof found === "string" ? found : "";
    return typeof found !== "string" && found;
  };
  try {
    return await until("the cluster whole", look, timeoutMs);
  } catch (error) {
    throw new Error(`not whole after ${timeoutMs} ms: ${missing === "" ? "no answer" : missing}`, { cause: error });
  }
};

const whatIsMissing = async ({ cluster, state }: FaultContext): Promise<string | readonly number[]> => {
  const apps = Object.entries((await cluster.api.apps()).applications);
  for (const [app, { deployments, status, message }] of apps) {
    for (const [name, { replicas, target_num_replicas: target }] of Object.entries(deployments)) {
      const running = replicas.filter((replica) => replica.state === "RUNNING").length;
      if (replicas.length !== target || running !== target) {
        const states = replicas.map((replica) => replica.state).join(" ");
        return `${app}#${name}: ${running} of ${target} replicas run (${states}; ${status} ${message})`;
      }
    }
  }
  const alive = new Set((await state.nodes()).filter((node) => node.state === "ALIVE").map((node) => node.node_id));
  for (const { name, nodeId } of cluster.nodes)
    if (nodeId === undefined || !alive.has(nodeId)) return `${name} is not alive`;
  const proxies = new Set((await state.actors("HTTPProxyActor")).map((proxy) => proxy.node_id));
  for (const { name, nodeId } of cluster.nodes)
    if (nodeId !== undefined && !proxies.has(nodeId)) return `${name} has no proxy`;
  const controllers = await state.actors("ServeController");
  if (controllers.length !== 1) return `${controllers.length} controllers are alive`;
  return apps.flatMap(([, { deployments }]) =>
    Object.values(deployments).flatMap(({ replicas }) => replicas.flatMap(({ pid }) => pid ?? [])),
  );
};
