import { startChildServer } from "./child-server.ts";
import type { StartVariant } from "./variant.ts";

/** Our HTTP front which answers by itself: what it takes of a request, without the way to a replica. */
export const start: StartVariant = async () => {
  const server = await startChildServer(new URL("front-server.ts", import.meta.url));
  return {
    url: `http://127.0.0.1:${server.port}`,
    pids: { proxy: [server.pid], replica: [] },
    stop: () => server.stop(),
  };
};
