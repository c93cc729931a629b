import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { type flags, parseFlags, settingsOfFlags } from "./flags.ts";
import type { OperatorSettings } from "./settings.ts";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const list = <T>(): z.ZodType<readonly T[]> => z.array(z.record(z.string(), z.unknown())) as never;

/** Fields of the reference's file, and the flag that means the same. */
const flagOf: Readonly<Record<string, keyof typeof flags>> = {
  metricsAddr: "metrics-addr",
  probeAddr: "health-probe-bind-address",
  enableLeaderElection: "enable-leader-election",
  leaderElectionNamespace: "leader-election-namespace",
  reconcileConcurrency: "reconcile-concurrency",
  watchNamespace: "watch-namespace",
  logFile: "log-file-path",
  logFileEncoder: "log-file-encoder",
  logStdoutEncoder: "log-stdout-encoder",
  batchScheduler: "batch-scheduler",
  enableBatchScheduler: "enable-batch-scheduler",
  useKubernetesProxy: "use-kubernetes-proxy",
  enableMetrics: "enable-metrics",
  featureGates: "feature-gates",
  qps: "qps",
  burst: "burst",
};

const schema = z.strictObject({
  apiVersion: z.literal("config.ray.io/v1alpha1"),
  kind: z.literal("Configuration"),
  metadata: z.unknown().optional(),
  headSidecarContainers: list<Sidecar>().optional(),
  workerSidecarContainers: list<Sidecar>().optional(),
  defaultContainerEnvs: list<ContainerEnv>().optional(),
  defaultPodAnnotations: z.record(z.string(), z.string()).optional(),
  defaultPodLabels: z.record(z.string(), z.string()).optional(),
  deleteRayJobAfterJobFinishes: z.boolean().optional(),
  ...Object.fromEntries(Object.keys(flagOf).map((field) => [field, text.optional()])),
});

type Sidecar = NonNullable<OperatorSettings["cluster"]["headSidecars"]>[number];
type ContainerEnv = NonNullable<OperatorSettings["cluster"]["defaultContainerEnv"]>[number];

/**
 * Settings of a file of kind `Configuration` (config.ray.io/v1alpha1): it replaces the flags, as in the reference.
 * Throws with the file's name and the field.
 */
export const readConfigurationFile = (
  path: string,
): { readonly settings: OperatorSettings; readonly warnings: readonly string[] } => {
  try {
    return settingsOfConfiguration(parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`--config ${path}: ${reason}`, { cause: error });
  }
};

const settingsOfConfiguration = (
  content: unknown,
): { readonly settings: OperatorSettings; readonly warnings: readonly string[] } => {
  const file = schema.parse(content);
  const values = { ...parseFlags([]).values };
  for (const [field, flag] of Object.entries(flagOf)) {
    const value = (file as Readonly<Record<string, string | undefined>>)[field];
    if (value !== undefined) values[flag] = value;
  }
  const { settings, warnings } = settingsOfFlags(values);
  const { headSidecarContainers, workerSidecarContainers, defaultContainerEnvs } = file;
  const { defaultPodAnnotations, defaultPodLabels } = file;
  return {
    settings: {
      ...settings,
      cluster: {
        ...(headSidecarContainers === undefined ? {} : { headSidecars: headSidecarContainers }),
        ...(workerSidecarContainers === undefined ? {} : { workerSidecars: workerSidecarContainers }),
        ...(defaultContainerEnvs === undefined ? {} : { defaultContainerEnv: defaultContainerEnvs }),
        ...(defaultPodAnnotations === undefined ? {} : { defaultPodAnnotations }),
        ...(defaultPodLabels === undefined ? {} : { defaultPodLabels }),
      },
    },
    warnings,
  };
};
