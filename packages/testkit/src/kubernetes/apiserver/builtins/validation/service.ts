import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { FieldProblems } from "../../field-problems.ts";
import { dns1123Label } from "../../names.ts";
import type { PrepareContext } from "../../plugins.ts";

const portMax = 65_535;
const types = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];

/** https://kubernetes.io/docs/concepts/services-networking/service/ */
export const validateService = (service: Service, { old }: PrepareContext, problems: FieldProblems): void => {
  const { spec } = service;
  if (spec === undefined) {
    problems.required("spec.ports");
    return;
  }
  problems.oneOf("spec.type", spec.type, types);
  problems.oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  const headless = spec.clusterIP === "None";
  if (spec.type === "ExternalName") {
    if ((spec.externalName ?? "") === "") problems.required("spec.externalName");
    return;
  }
  if (headless && spec.type !== "ClusterIP")
    problems.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`);
  if (!headless && (spec.ports ?? []).length === 0) problems.required("spec.ports");
  validatePorts(service, problems);
  const before = (old as Service | undefined)?.spec;
  if (before?.clusterIP === undefined || before.type === "ExternalName" || before.clusterIP === spec.clusterIP) return;
  problems.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [spec.clusterIP], "may not change once set");
};

const validatePorts = ({ spec }: Service, problems: FieldProblems): void => {
  const ports = spec?.ports ?? [];
  const names = new Set<string>();
  const taken = new Set<string>();
  for (const [index, { name, port, protocol, targetPort }] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (ports.length > 1 && (name ?? "") === "") problems.required(`${path}.name`);
    if (name !== undefined && name !== "") {
      for (const rule of dns1123Label(name)) problems.invalid(`${path}.name`, name, rule);
      if (names.has(name)) problems.duplicate(`${path}.name`, name);
      names.add(name);
    }
    if (!isPort(port)) problems.invalid(`${path}.port`, port, "must be between 1 and 65535, inclusive");
    const target: unknown = targetPort;
    if (typeof target === "number" && !isPort(target))
      problems.invalid(`${path}.targetPort`, target, "must be between 1 and 65535, inclusive");
    problems.oneOf(`${path}.protocol`, protocol, ["TCP", "UDP", "SCTP"]);
    if (taken.has(`${protocol}/${port}`)) problems.duplicate(path, { port, protocol });
    taken.add(`${protocol}/${port}`);
  }
};

const isPort = (port: unknown): boolean =>
  typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= portMax;
