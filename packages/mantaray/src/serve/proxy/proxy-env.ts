import { MantaError } from "../../base/errors.ts";
import { httpFrontLimits } from "./http/limits.ts";

/** What the environment may set of a proxy. */
export interface ProxyEnv {
  /** Replicas of the own node first (the reference's name). Default true. */
  readonly preferLocal: boolean;
  /** `MANTA_PROXY_LAME_DUCK_S`: `HttpFrontLimits.lameDuckMs`. Default 5 s. */
  readonly lameDuckMs: number;
}

/** Reads the environment once. Throws `invalid_config` that names variable, rule and value. */
export const readProxyEnv = (env: Readonly<Record<string, string | undefined>>): ProxyEnv => ({
  preferLocal: env.RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING !== "0",
  lameDuckMs: lameDuckMs(env[lameDuckVariable]),
});

const lameDuckVariable = "MANTA_PROXY_LAME_DUCK_S";

const lameDuckMs = (given: string | undefined): number => {
  if (given === undefined || given === "") return httpFrontLimits.lameDuckMs;
  const seconds = Number(given);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  const rule = "must be a number of seconds, 0 or more";
  throw new MantaError("invalid_config", `${lameDuckVariable} ${rule}, got ${JSON.stringify(given)}`);
};
