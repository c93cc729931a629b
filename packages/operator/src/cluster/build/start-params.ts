import type { Container } from "kubernetes-types/core/v1.d.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { HeadGroupSpec, WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import { ceilQuantity, parseQuantity } from "../quantity.ts";
import { redisParams } from "./fault-tolerance.ts";
import { headServiceHost } from "./names.ts";
import { isGpu, limitOf, requestOf, tpuKey } from "./resources.ts";

/** What a pod's node is. A standby head follows another one until it is needed. */
export type NodeRole = "head" | "standby" | "worker";

type Params = Record<string, string>;

/** Port of the control store: the head's own parameter, else 6379. */
export const headPort = (cluster: RayCluster): string => cluster.spec.headGroupSpec.rayStartParams?.port ?? "6379";

/** Port of a node's health endpoint. */
export const agentPort = (params: Readonly<Params>): number => Number(params["dashboard-agent-listen-port"] ?? 52_365);

/** `rayStartParams` with everything that was left out (reference, section 2.7): the user's own always win. */
export const startParams = (
  cluster: RayCluster,
  group: HeadGroupSpec | WorkerGroupSpec,
  role: NodeRole,
  clusterDomain: string,
): Params => {
  const user = group.rayStartParams ?? {};
  const container = group.template.spec?.containers[0];
  const address = `${headServiceHost(cluster, clusterDomain)}:${headPort(cluster)}`;
  return {
    ...(container === undefined ? {} : amounts(container)),
    ...logicalResources(group.resources ?? {}),
    ...(role === "head" ? {} : { address }),
    ...(role === "standby" ? { standby: "true" } : {}),
    ...(role === "worker" ? {} : { "dashboard-host": "0.0.0.0", ...redisParams(cluster) }),
    ...(role !== "worker" && cluster.spec.enableInTreeAutoscaling === true ? { "no-monitor": "true" } : {}),
    ...labelsParam(group.labels ?? {}),
    "metrics-export-port": "8080",
    "dashboard-agent-listen-port": "52365",
    block: "true",
    ...user,
    ...accelerator(container, user),
  };
};

/** What the container's resources say: `num-cpus`, `memory`, `num-gpus`. */
const amounts = (container: Container): Params => {
  const cpu = limitOf(container, "cpu") ?? requestOf(container, "cpu");
  const memory = limitOf(container, "memory");
  const gpuKey = Object.keys(container.resources?.limits ?? {})
    .toSorted()
    .find(isGpu);
  const gpu = gpuKey === undefined ? undefined : limitOf(container, gpuKey);
  return {
    ...(cpu === undefined || cpu.nanos === 0n ? {} : { "num-cpus": String(ceilQuantity(cpu)) }),
    ...(memory === undefined || memory.nanos === 0n ? {} : { memory: String(ceilQuantity(memory)) }),
    ...(gpu === undefined || gpu.nanos === 0n ? {} : { "num-gpus": String(ceilQuantity(gpu)) }),
  };
};

/** A group's `resources` (Ray's names, quantities) as parameters. */
const logicalResources = (resources: Readonly<Params>): Params => {
  const custom: Record<string, number> = {};
  const params: Params = {};
  for (const [key, text] of Object.entries(resources)) {
    const amount = plainNumber(text);
    if (key === "CPU") params["num-cpus"] = String(amount);
    else if (key === "GPU") params["num-gpus"] = String(amount);
    else if (key === "memory") params.memory = String(Math.ceil(amount));
    else custom[key] = amount;
  }
  return Object.keys(custom).length === 0 ? params : { ...params, resources: quotedJson(custom) };
};

const plainNumber = (text: string): number => Number(parseQuantity(text)?.nanos ?? 0n) / 1e9;

const labelsParam = (labels: Readonly<Params>): Params => {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? {} : { labels: pairs.toSorted().join(",") };
};

/** Accelerators that Ray has its own names for. */
const accelerators: readonly (readonly [string, string])[] = [
  ["aws.amazon.com/neuroncore", "neuron_cores"],
  [tpuKey, "TPU"],
];

/** The first accelerator, merged into the user's `resources`; one that the user counts himself stays as he says. */
const accelerator = (container: Container | undefined, user: Readonly<Params>): Params => {
  for (const [key, name] of accelerators) {
    const amount = container === undefined ? undefined : limitOf(container, key);
    if (amount === undefined || amount.nanos === 0n) continue;
    const others = user.resources === undefined ? {} : parsedResources(user.resources);
    if (others === undefined || name in others) return {};
    return { resources: quotedJson({ ...others, [name]: Number(ceilQuantity(amount)) }) };
  }
  return {};
};

/** A shell sees this: the quotes keep the JSON in one word. */
const quotedJson = (value: object): string => `'${JSON.stringify(value)}'`;

/** `resources` as manifests write it: `'{"a": 1}'` or `"{\"a\": 1}"`. Undefined: not to be read, so not to be touched. */
export const parsedResources = (text: string): Record<string, number> | undefined => {
  const inner = text
    .replace(/^'(.*)'$/s, "$1")
    .replace(/^"(.*)"$/s, "$1")
    .replaceAll('\\"', '"');
  try {
    const value = JSON.parse(inner) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, number>) : undefined;
  } catch {
    return undefined;
  }
};
