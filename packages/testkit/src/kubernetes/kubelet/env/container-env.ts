import type { EnvVar } from "kubernetes-types/core/v1.d.ts";
import type { ApiAccess } from "../../api/access.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import type { ContainerSpec, Pod } from "../types.ts";
import { namespaceOf } from "../types.ts";
import { expand } from "./expand.ts";
import { fieldValue, type PodFacts, resourceValue } from "./field-value.ts";

/** A container cannot be made from what its pod names, such as a Secret that is not there. It is tried again. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}

/**
 * The environment of a container: `base` (the image's and the Services'), then `envFrom`, then `env`, the last of a name
 * wins. Throws `ContainerConfigError`. A value that names 127.0.0.1 means the pod and becomes its address: pods here
 * have no loopback of their own (KubeRay gives heads RAY_ADDRESS=127.0.0.1:6379).
 */
export const containerEnv = async (
  access: ApiAccess,
  pod: Pod,
  container: ContainerSpec,
  facts: PodFacts,
  base: Readonly<Record<string, string>>,
): Promise<Record<string, string>> => {
  const env: Record<string, string> = { ...base };
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? "";
    const data = source.configMapRef
      ? await allOf(access, pod, resources.configMaps, source.configMapRef)
      : source.secretRef
        ? await allOf(access, pod, resources.secrets, source.secretRef)
        : {};
    for (const [name, value] of Object.entries(data)) env[`${prefix}${name}`] = value;
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(access, pod, container, facts, variable, env);
    if (value !== undefined) env[variable.name] = value;
  }
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, onPod(value, facts.podIp)]));
};

const onPod = (value: string, podIp: string): string => value.replace(/^127\.0\.0\.1(?=$|:)/, podIp);

const valueOf = async (
  access: ApiAccess,
  pod: Pod,
  container: ContainerSpec,
  facts: PodFacts,
  variable: EnvVar,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> => {
  const from = variable.valueFrom;
  if (from?.fieldRef) return fieldValue(pod, facts, from.fieldRef);
  if (from?.resourceFieldRef) return resourceValue(pod, facts, from.resourceFieldRef, container.name);
  if (from?.configMapKeyRef) return oneOf(access, pod, resources.configMaps, from.configMapKeyRef);
  if (from?.secretKeyRef) return oneOf(access, pod, resources.secrets, from.secretKeyRef);
  return expand(variable.value ?? "", env);
};

interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

const allOf = async (
  access: ApiAccess,
  pod: Pod,
  resource: ResourceId,
  reference: Reference,
): Promise<Readonly<Record<string, string>>> => {
  const { name = "", optional = false } = reference;
  const object = await access.get(resource, { namespace: namespaceOf(pod), name });
  if (object !== undefined) return textData(object);
  if (optional) return {};
  throw new ContainerConfigError(`${kindOf(resource)} ${JSON.stringify(name)} not found`);
};

const oneOf = async (
  access: ApiAccess,
  pod: Pod,
  resource: ResourceId,
  reference: Reference & { readonly key: string },
): Promise<string | undefined> => {
  const data = await allOf(access, pod, resource, reference);
  const value = data[reference.key];
  if (value !== undefined || reference.optional === true) return value;
  const where = `${kindOf(resource)} ${namespaceOf(pod)}/${reference.name ?? ""}`;
  throw new ContainerConfigError(`couldn't find key ${reference.key} in ${where}`);
};

const kindOf = (resource: ResourceId): string => (resource === resources.secrets ? "secret" : "configmap");

const textData = (object: KubeObject): Readonly<Record<string, string>> => {
  const data = (object.data ?? {}) as Record<string, string>;
  if (object.kind !== "Secret") return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, "base64").toString()]),
  );
};
