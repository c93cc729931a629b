import { MantaError } from "../../base/errors.ts";

/** What the environment may set, by the reference's names (section B). */
export interface ControllerEnv {
  readonly loopPeriodMs: number;
  readonly retriesPerReplica: number;
  readonly forceStopUnhealthy: boolean;
  readonly packReplicas: boolean;
  readonly deadReplicasMax: number;
  readonly proxyHealthPeriodMs: number;
  readonly proxyHealthTimeoutMs: number;
  readonly proxyReadyTimeoutMs: number;
  readonly proxyDrainMinMs: number;
  /** Overrides `keep_alive_timeout_s` when above 0. */
  readonly keepAliveTimeoutMs: number;
  readonly defaultHttpHost: string;
}

/** Reads the environment once. Throws `invalid_config` that names variable, rule and value. */
export const readControllerEnv = (env: Readonly<Record<string, string | undefined>>): ControllerEnv => {
  const number = (name: string, fallback: number): number => {
    const given = env[name];
    if (given === undefined || given === "") return fallback;
    const value = Number(given);
    if (!Number.isFinite(value) || value < 0) {
      throw new MantaError("invalid_config", `${name} must be a number, 0 or more, got ${JSON.stringify(given)}`);
    }
    return value;
  };
  const seconds = (name: string, fallbackS: number): number => number(name, fallbackS) * 1_000;
  return {
    loopPeriodMs: Math.max(10, seconds("RAY_SERVE_CONTROL_LOOP_INTERVAL_S", 0.1)),
    retriesPerReplica: number("RAY_SERVE_MAX_PER_REPLICA_RETRY_COUNT", 3),
    forceStopUnhealthy: env.RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS === "1",
    packReplicas: env.RAY_SERVE_USE_PACK_SCHEDULING_STRATEGY === "1",
    deadReplicasMax: number("RAY_SERVE_RETAINED_DEAD_REPLICAS", 10),
    proxyHealthPeriodMs: seconds("RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S", 10),
    proxyHealthTimeoutMs: seconds("RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S", 10),
    proxyReadyTimeoutMs: seconds("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", 5),
    proxyDrainMinMs: seconds("RAY_SERVE_PROXY_MIN_DRAINING_PERIOD_S", 30),
    keepAliveTimeoutMs: seconds("RAY_SERVE_HTTP_KEEP_ALIVE_TIMEOUT_S", 0),
    defaultHttpHost: env.RAY_SERVE_DEFAULT_HTTP_HOST ?? "",
  };
};
