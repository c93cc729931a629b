import type { RayClusterSpec } from "../ray-cluster-spec.ts";

const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(", ")}]`;

const pod = "self.headGroupSpec.template.spec";
const ray = `${pod}.containers[0]`;

/** CEL: the head's Ray container has one of these variables. `self` is a RayCluster's spec. */
export const celHeadEnvHas = (...names: string[]): string =>
  `(has(${ray}.env) && ${ray}.env.exists(e, e.name in ${list(names)}))`;

/** CEL: the head's Ray container has this variable with one of these values. */
export const celHeadEnvIs = (name: string, ...values: string[]): string =>
  `(has(${ray}.env) && ${ray}.env.exists(e, e.name == '${name}' && has(e.value) && e.value in ${list(values)}))`;

/** CEL: the head pod has a volume of this name, or its Ray container a mount of this name or at this path. */
export const celHeadMounts = (name: string, path: string): string =>
  `((has(${pod}.volumes) && ${pod}.volumes.exists(v, v.name == '${name}')) || ` +
  `(has(${ray}.volumeMounts) && ${ray}.volumeMounts.exists(m, m.name == '${name}' || m.mountPath == '${path}')))`;

const rayContainer = (spec: RayClusterSpec) => spec.headGroupSpec.template.spec?.containers[0];

/** The head's Ray container has one of these variables. */
export const headEnvHas = (spec: RayClusterSpec, ...names: string[]): boolean =>
  (rayContainer(spec)?.env ?? []).some((variable) => names.includes(variable.name));

/** The head's Ray container has this variable with one of these values. */
export const headEnvIs = (spec: RayClusterSpec, name: string, ...values: string[]): boolean =>
  (rayContainer(spec)?.env ?? []).some((variable) => variable.name === name && values.includes(variable.value ?? ""));

/** The head pod has a volume of this name, or its Ray container a mount of this name or at this path. */
export const headMounts = (spec: RayClusterSpec, name: string, path: string): boolean =>
  (spec.headGroupSpec.template.spec?.volumes ?? []).some((volume) => volume.name === name) ||
  (rayContainer(spec)?.volumeMounts ?? []).some((mount) => mount.name === name || mount.mountPath === path);
