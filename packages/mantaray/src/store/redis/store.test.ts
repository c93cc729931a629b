import { startRedis } from "@manta/testkit/redis";
import { afterAll, beforeAll } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { sleep } from "../../base/wait.ts";
import { describeControlStore } from "../conformance.ts";
import { redisConfig } from "./config.ts";
import { openRedisStore } from "./store.ts";

let server: Awaited<ReturnType<typeof startRedis>>;
let namespaces = 0;
beforeAll(async () => {
  server = await startRedis({ durable: false });
});
afterAll(() => server.stop());

describeControlStore("redis", async () => {
  namespaces += 1;
  const namespace = `test-${namespaces}`;
  const config = redisConfig({ RAY_REDIS_ADDRESS: server.address });
  return {
    open: () => openRedisStore({ config, namespace, clock: systemClock, log: silentLog }),
    advance: (byMs) => sleep(systemClock, byMs),
    destroy: async () => {},
  };
});
