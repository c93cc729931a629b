/** Real Redis servers for tests, each with addresses and files of its own: alone, with sentinels, as a cluster. */
export { type CertificateFiles, writeCertificates } from "./certificates.ts";
export { type RedisCluster, startRedisCluster } from "./cluster.ts";
export { type DelayProxy, type DelayProxyOptions, startDelayProxy } from "./delay-proxy.ts";
export { loopbackAddress, type RedisOptions, type RedisServer, startRedis } from "./redis-server.ts";
export { type Sentinels, type SentinelsOptions, startSentinels } from "./sentinels.ts";
