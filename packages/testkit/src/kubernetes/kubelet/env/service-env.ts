import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";

/**
 * Variables of the Services that are there when a container starts (`REDIS_SERVICE_HOST`, `REDIS_PORT`, …).
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export const serviceEnv = (services: readonly KubeObject[]): Record<string, string> =>
  Object.assign({}, ...services.map(envOf)) as Record<string, string>;

const envOf = (object: KubeObject): Record<string, string> => {
  const spec = object.spec as NonNullable<Service["spec"]> | undefined;
  const host = spec?.clusterIP;
  const [first] = spec?.ports ?? [];
  if (host === undefined || host === "" || host === "None" || first === undefined) return {};
  const name = object.metadata.name.toUpperCase().replaceAll("-", "_");
  const env: Record<string, string> = {
    [`${name}_SERVICE_HOST`]: host,
    [`${name}_SERVICE_PORT`]: String(first.port),
    [`${name}_PORT`]: `tcp://${host}:${first.port}`,
  };
  for (const port of spec?.ports ?? []) {
    const protocol = port.protocol ?? "TCP";
    const base = `${name}_PORT_${port.port}_${protocol}`;
    if (port.name) env[`${name}_SERVICE_PORT_${port.name.toUpperCase().replaceAll("-", "_")}`] = String(port.port);
    env[base] = `${protocol.toLowerCase()}://${host}:${port.port}`;
    env[`${base}_PROTO`] = protocol.toLowerCase();
    env[`${base}_PORT`] = String(port.port);
    env[`${base}_ADDR`] = host;
  }
  return env;
};
