/** Real Redis servers for tests, each with addresses and files of its own: alone, with sentinels, as a cluster. */
export { type DelayProxy, startDelayProxy } from "./delay-proxy.ts";
export { loopbackAddress, type RedisOptions, type RedisServer, startRedis } from "./redis-server.ts";
