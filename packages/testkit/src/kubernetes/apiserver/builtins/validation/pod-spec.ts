import type { Container, PodSpec, Probe, Volume } from "kubernetes-types/core/v1.d.ts";
import type { FieldProblems } from "../../field-problems.ts";
import { dns1123Label, dns1123Subdomain } from "../../names.ts";
import { validateContainerResources } from "./resources.ts";

const portMax = 65_535;
const variablePattern = /^[^=\0]+$/;
const portNamePattern = /^(?=.*[a-z])[a-z0-9](?:[a-z0-9]|-(?!-))*$/;
const portNameMax = 15;

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec */
export const validatePodSpec = (spec: PodSpec, path: string, problems: FieldProblems): void => {
  if ((spec.containers ?? []).length === 0) problems.required(`${path}.containers`);
  problems.oneOf(`${path}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]);
  problems.oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    problems.invalid(
      `${path}.terminationGracePeriodSeconds`,
      spec.terminationGracePeriodSeconds,
      "must be greater than or equal to 0",
    );
  }
  if (spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds < 1) {
    problems.invalid(
      `${path}.activeDeadlineSeconds`,
      spec.activeDeadlineSeconds,
      "must be between 1 and 2147483647, inclusive",
    );
  }
  for (const rule of spec.hostname === undefined ? [] : dns1123Label(spec.hostname))
    problems.invalid(`${path}.hostname`, spec.hostname, rule);
  const volumes = validateVolumes(spec.volumes ?? [], `${path}.volumes`, problems);
  const names = new Set<string>();
  for (const [kind, list] of [
    ["containers", spec.containers ?? []],
    ["initContainers", spec.initContainers ?? []],
  ] as const) {
    for (const [index, container] of list.entries()) {
      validateContainer(
        container,
        { path: `${path}.${kind}[${index}]`, names, volumes, init: kind === "initContainers" },
        problems,
      );
    }
  }
};

const validateVolumes = (volumes: readonly Volume[], path: string, problems: FieldProblems): Set<string> => {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    validateListName(volume.name, `${path}[${index}].name`, names, problems);
    const sources = Object.entries(volume).filter(([field, value]) => field !== "name" && value !== undefined);
    if (sources.length === 0) problems.required(`${path}[${index}]`, "must specify a volume type");
    if (sources.length > 1)
      problems.forbidden(`${path}[${index}].${sources[1]?.[0]}`, "may not specify more than 1 volume type");
  }
  return names;
};

interface ContainerScope {
  readonly path: string;
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
  readonly init: boolean;
}

const validateContainer = (container: Container, scope: ContainerScope, problems: FieldProblems): void => {
  const { path, names, volumes } = scope;
  validateListName(container.name, `${path}.name`, names, problems);
  if ((container.image ?? "") === "") problems.required(`${path}.image`);
  else if (container.image !== container.image?.trim()) {
    problems.invalid(`${path}.image`, container.image, "must not have leading or trailing whitespace");
  }
  problems.oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]);
  validatePorts(container, path, problems);
  for (const [index, { name }] of (container.env ?? []).entries()) {
    if ((name ?? "") === "") problems.required(`${path}.env[${index}].name`);
    else if (!variablePattern.test(name)) {
      problems.invalid(
        `${path}.env[${index}].name`,
        name,
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      );
    }
  }
  validateMounts(container, path, volumes, problems);
  validateContainerResources(container.resources ?? {}, `${path}.resources`, problems);
  validateProbe(container.livenessProbe, `${path}.livenessProbe`, true, problems);
  validateProbe(container.startupProbe, `${path}.startupProbe`, true, problems);
  validateProbe(container.readinessProbe, `${path}.readinessProbe`, false, problems);
  const { restartPolicy } = container as { restartPolicy?: string };
  if (scope.init && restartPolicy === undefined) {
    for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
      if (container[probe] !== undefined)
        problems.forbidden(`${path}.${probe}`, "may not be set for init containers without restartPolicy=Always");
    }
  }
};

const validatePorts = (container: Container, path: string, problems: FieldProblems): void => {
  const names = new Set<string>();
  for (const [index, { name, containerPort, protocol }] of (container.ports ?? []).entries()) {
    const field = `${path}.ports[${index}]`;
    if (containerPort === undefined) problems.required(`${field}.containerPort`);
    else if (!(containerPort >= 1 && containerPort <= portMax)) {
      problems.invalid(`${field}.containerPort`, containerPort, "must be between 1 and 65535, inclusive");
    }
    problems.oneOf(`${field}.protocol`, protocol, ["TCP", "UDP", "SCTP"]);
    if (name === undefined) continue;
    if (name.length > portNameMax)
      problems.invalid(`${field}.name`, name, `must be no more than ${portNameMax} characters`);
    else if (!portNamePattern.test(name) || name.endsWith("-")) {
      problems.invalid(`${field}.name`, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if (names.has(name)) problems.duplicate(`${field}.name`, name);
    names.add(name);
  }
};

const validateMounts = (
  container: Container,
  path: string,
  volumes: ReadonlySet<string>,
  problems: FieldProblems,
): void => {
  const paths = new Set<string>();
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const field = `${path}.volumeMounts[${index}]`;
    if ((mount.name ?? "") === "") problems.required(`${field}.name`);
    else if (!volumes.has(mount.name)) problems.notFound(`${field}.name`, mount.name);
    if ((mount.mountPath ?? "") === "") problems.required(`${field}.mountPath`);
    if (paths.has(mount.mountPath)) problems.invalid(`${field}.mountPath`, mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
    if ((mount.subPath ?? "").split("/").includes(".."))
      problems.invalid(`${field}.subPath`, mount.subPath, "must not contain '..'");
  }
};

const validateProbe = (probe: Probe | undefined, path: string, oneSuccess: boolean, problems: FieldProblems): void => {
  if (probe === undefined) return;
  const handlers = (["exec", "httpGet", "tcpSocket", "grpc"] as const).filter(
    (handler) => probe[handler] !== undefined,
  );
  if (handlers.length === 0) problems.required(path, "must specify a handler type");
  if (handlers.length > 1) problems.forbidden(`${path}.${handlers[1]}`, "may not specify more than 1 handler type");
  for (const field of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const) {
    if ((probe[field] ?? 0) < 0)
      problems.invalid(`${path}.${field}`, probe[field], "must be greater than or equal to 0");
  }
  if (oneSuccess && probe.successThreshold !== 1)
    problems.invalid(`${path}.successThreshold`, probe.successThreshold, "must be 1");
  if (probe.exec !== undefined && (probe.exec.command ?? []).length === 0) problems.required(`${path}.exec.command`);
};

/** Names that are unique in their list. */
const validateListName = (
  name: string | undefined,
  field: string,
  seen: Set<string>,
  problems: FieldProblems,
): void => {
  if (name === undefined || name === "") {
    problems.required(field);
    return;
  }
  for (const rule of dns1123Label(name)) problems.invalid(field, name, rule);
  if (seen.has(name)) problems.duplicate(field, name);
  seen.add(name);
};

/** Names of other objects that a pod's spec refers to. */
export const validateReferences = (spec: PodSpec, path: string, problems: FieldProblems): void => {
  for (const field of ["serviceAccountName", "priorityClassName", "nodeName", "runtimeClassName"] as const) {
    const value = spec[field];
    if (value === undefined || value === "") continue;
    for (const rule of dns1123Subdomain(value)) problems.invalid(`${path}.${field}`, value, rule);
  }
};
