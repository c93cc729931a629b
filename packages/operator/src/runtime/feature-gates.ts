/** How a gate of the reference stands here. */
interface Gate {
  /** What holds here. `always`: cannot be turned off. `never`: not supported. */
  readonly here: "always" | "never";
}

const gates: Readonly<Record<string, Gate>> = {
  RayClusterStatusConditions: { here: "always" },
  RayJobDeletionPolicy: { here: "always" },
  RayMultiHostIndexing: { here: "always" },
  RayServiceIncrementalUpgrade: { here: "always" },
  RayClusterNetworkPolicy: { here: "always" },
  GCSFaultToleranceEmbeddedStorage: { here: "always" },
  RayCronJob: { here: "never" },
  SidecarSubmitterRestart: { here: "never" },
  RayClusterMTLS: { here: "never" },
  RayClusterHistoryServer: { here: "never" },
  KubernetesWAS: { here: "never" },
};

/**
 * Reads `A=true,B=false`. Nothing is gated here, so this only says what differs: asking for what is not supported, or
 * for a gate nobody knows, is an error; turning off what is always on is a warning (returned).
 */
export const checkFeatureGates = (text: string): readonly string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [name = "", value = ""] = part.split("=");
      const gate = gates[name];
      if (gate === undefined) throw new Error(`--feature-gates ${part}: there is no gate ${name}`);
      if (value !== "true" && value !== "false") throw new Error(`--feature-gates ${part}: neither true nor false`);
      if (gate.here === "never" && value === "true") throw new Error(`--feature-gates ${part}: not supported`);
      return gate.here === "always" && value === "false" ? [`--feature-gates ${part}: it is always on here`] : [];
    });
