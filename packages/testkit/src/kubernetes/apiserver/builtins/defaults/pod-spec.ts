import type { Container, EnvVar, PodSpec, Probe, Volume } from "kubernetes-types/core/v1.d.ts";

const defaultGraceSeconds = 30;
/** 0644, as the API writes file modes. */
const defaultFileMode = 0o644;
const projectedTokenSeconds = 3600;

/** Defaults of a pod's spec, also as a template's. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export const defaultPodSpec = (spec: PodSpec): void => {
  spec.restartPolicy ??= "Always";
  spec.terminationGracePeriodSeconds ??= defaultGraceSeconds;
  spec.dnsPolicy ??= "ClusterFirst";
  spec.securityContext ??= {};
  spec.schedulerName ??= "default-scheduler";
  if (spec.serviceAccountName === undefined && spec.serviceAccount !== undefined)
    spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName !== undefined) spec.serviceAccount = spec.serviceAccountName;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
};

const defaultContainer = (container: Container): void => {
  container.imagePullPolicy ??= pullPolicy(container.image ?? "");
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ??= "TCP";
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe);
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) defaultHttpGet(hook?.httpGet);
  for (const variable of container.env ?? []) defaultVariable(variable);
};

/** https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting */
const pullPolicy = (image: string): "Always" | "IfNotPresent" => {
  if (image.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
};

const defaultProbe = (probe: Probe | undefined): void => {
  if (probe === undefined) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
};

const defaultHttpGet = (action: { path?: string; scheme?: string } | undefined): void => {
  if (action === undefined) return;
  action.path ||= "/";
  action.scheme ??= "HTTP";
};

const defaultVariable = (variable: EnvVar): void => {
  const { fieldRef, resourceFieldRef } = variable.valueFrom ?? {};
  if (fieldRef !== undefined) fieldRef.apiVersion ??= "v1";
  if (resourceFieldRef !== undefined) resourceFieldRef.divisor ??= "0";
};

const defaultVolume = (volume: Volume): void => {
  const { name: _name, ...sources } = volume;
  if (Object.keys(sources).length === 0) volume.emptyDir = {};
  for (const source of [volume.secret, volume.configMap, volume.projected, volume.downwardAPI]) {
    if (source !== undefined) source.defaultMode ??= defaultFileMode;
  }
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  for (const { serviceAccountToken, downwardAPI } of volume.projected?.sources ?? []) {
    if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= projectedTokenSeconds;
    for (const { fieldRef } of downwardAPI?.items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ??= "v1";
  }
  for (const { fieldRef } of volume.downwardAPI?.items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ??= "v1";
};
