import type { Container, PodSpec } from "kubernetes-types/core/v1.d.ts";
import { clusterLimits } from "../limits.ts";

/** How long a pod may take to end, and how much of that its node may use. */
export interface GracePeriod {
  /** `terminationGracePeriodSeconds`. */
  readonly graceSeconds: number;
  /** `MANTA_DRAIN_TIMEOUT_S`, where the user has not set it. */
  readonly drainSeconds: number | undefined;
}

const variable = "MANTA_DRAIN_TIMEOUT_S";

/** Grace ≥ drain + 5 s (docs/fault-tolerance.md): from what the user has set of the two follows the other. */
export const gracePeriod = (pod: PodSpec, ray: Container): GracePeriod => {
  const { drainMarginSeconds: margin, drainSecondsDefault } = clusterLimits;
  const env = ray.env?.find(({ name }) => name === variable);
  const said = env?.value === undefined ? Number.NaN : Number(env.value);
  const given = pod.terminationGracePeriodSeconds;
  const drain = Number.isFinite(said) && said >= 0 ? said : drainSecondsDefault;
  if (given === undefined) return { graceSeconds: Math.ceil(drain) + margin, drainSeconds: undefined };
  return { graceSeconds: given, drainSeconds: env === undefined ? Math.max(0, given - margin) : undefined };
};
