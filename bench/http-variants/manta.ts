import { startOneNode } from "../one-node-cluster.ts";
import type { StartVariant } from "./variant.ts";

/** A real node: its proxy, and replicas that read the JSON body and answer 10 bytes. */
const startManta =
  (replicas: number): StartVariant =>
  async () => {
    const { cluster, state, stop } = await startOneNode("answer", { replicas });
    const [proxy] = await state.actors("HTTPProxyActor");
    const running = await state.replicas("bench", "Answer");
    return {
      url: `http://${cluster.proxyOf(cluster.head)}`,
      pids: {
        proxy: proxy === undefined ? [] : [proxy.pid],
        replica: running.flatMap(({ pid }) => (pid === null ? [] : [pid])),
      },
      stop,
    };
  };

export const startManta1 = startManta(1);
export const startManta4 = startManta(4);
