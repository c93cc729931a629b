import { startChildServer } from "./child-server.ts";
import type { StartVariant } from "./variant.ts";

/** Bare `node:http`, one process: what every ratio is against. */
export const start: StartVariant = async () => {
  const server = await startChildServer(new URL("node-http-server.ts", import.meta.url));
  return {
    url: `http://127.0.0.1:${server.port}`,
    pids: { proxy: [], replica: [server.pid] },
    stop: () => server.stop(),
  };
};
