import { parse } from "yaml";
import { z } from "zod";
import { MantaError } from "../base/errors.ts";
import type { LocalNodePlan, LocalPlan } from "./local-plan.ts";

/** Kubernetes quantities of CPUs: `2`, `"1"`, `500m`. */
const quantity = z.union([z.string(), z.number()]).transform((value, context) => {
  const text = String(value);
  const amount = text.endsWith("m") ? Number(text.slice(0, -1)) / 1000 : Number(text);
  if (Number.isNaN(amount)) context.addIssue({ code: "custom", message: `must be a CPU quantity, got ${text}` });
  return amount;
});

const container = z.looseObject({
  resources: z
    .looseObject({
      limits: z.looseObject({ cpu: quantity.optional() }).optional(),
      requests: z.looseObject({ cpu: quantity.optional() }).optional(),
    })
    .optional(),
});

const group = z.looseObject({
  rayStartParams: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
  template: z.looseObject({ spec: z.looseObject({ containers: z.array(container).min(1) }) }).optional(),
});

const workerGroup = group.extend({
  groupName: z.string().min(1),
  replicas: z.number().int().nonnegative().optional(),
  minReplicas: z.number().int().nonnegative().default(0),
  maxReplicas: z.number().int().nonnegative().default(2_147_483_647),
});

/** The part of a RayService (`ray.io/v1`) that a local cluster can follow. */
const rayServiceSchema = z.looseObject({
  kind: z.literal("RayService"),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    serveConfigV2: z.string(),
    rayClusterConfig: z.looseObject({ headGroupSpec: group, workerGroupSpecs: z.array(workerGroup).default([]) }),
  }),
});

/** Nodes and serve config of a RayService manifest. Errors: `invalid_config` naming the field. */
export const planOfRayService = (manifest: unknown, path: string): Pick<LocalPlan, "nodes" | "config"> => {
  const parsed = rayServiceSchema.safeParse(manifest);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new MantaError("invalid_config", `${path}: ${issues.join("; ")}`);
  }
  const { headGroupSpec, workerGroupSpecs } = parsed.data.spec.rayClusterConfig;
  const workers = workerGroupSpecs.flatMap((spec) => {
    const wanted = Math.min(Math.max(spec.replicas ?? spec.minReplicas, spec.minReplicas), spec.maxReplicas);
    return Array.from({ length: wanted }, (_, index) => nodeOf(spec, `${spec.groupName}-${index + 1}`, false));
  });
  return {
    nodes: [nodeOf(headGroupSpec, "head", true), ...workers],
    config: parse(parsed.data.spec.serveConfigV2) as unknown,
  };
};

/** `rayStartParams` win over the container's limits, as the operator's start command has it. */
const nodeOf = (spec: z.infer<typeof group>, name: string, head: boolean): LocalNodePlan => {
  const parameters = spec.rayStartParams;
  const resources = spec.template?.spec.containers[0]?.resources;
  const cpu = resources?.limits?.cpu ?? resources?.requests?.cpu;
  return {
    name,
    head,
    numCpus:
      parameters["num-cpus"] === undefined
        ? cpu === undefined
          ? undefined
          : Math.ceil(cpu)
        : Number(parameters["num-cpus"]),
    numGpus: Number(parameters["num-gpus"] ?? 0),
    resources:
      parameters.resources === undefined ? {} : (JSON.parse(unquoted(parameters.resources)) as Record<string, number>),
    labels: { ...spec.labels, ...labelsOf(parameters.labels) },
  };
};

/** Manifests quote JSON for the shell: `'{"TPU": 4}'` or `"{\"TPU\": 4}"`. */
const unquoted = (text: string): string =>
  text
    .trim()
    .replace(/^(['"])(.*)\1$/s, "$2")
    .replaceAll(String.raw`\"`, '"');

const labelsOf = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text ?? "")
      .split(",")
      .flatMap((pair) =>
        pair.includes("=") ? [[pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]] : [],
      ),
  );
