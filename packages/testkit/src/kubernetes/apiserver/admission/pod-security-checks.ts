import type { Container, PodSpec } from "kubernetes-types/core/v1.d.ts";

/** One rule of a standard: what breaks it, undefined when nothing does. https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodSecurityCheck = (spec: PodSpec) => string | undefined;

const defaultCapabilities: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);
const allowedVolumes: ReadonlySet<string> = new Set([
  "name",
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

const containersOf = (spec: PodSpec): Container[] => [...(spec.initContainers ?? []), ...spec.containers];

/** `container "a"`, `containers "a", "b"`. */
const listed = (containers: readonly { readonly name: string }[]): string =>
  `container${containers.length === 1 ? "" : "s"} ${containers.map(({ name }) => `"${name}"`).join(", ")}`;

const offending = (
  spec: PodSpec,
  breaks: (container: Container) => boolean,
  text: (list: string) => string,
): string | undefined => {
  const found = containersOf(spec).filter(breaks);
  return found.length === 0 ? undefined : text(listed(found));
};

const runsAsRoot: PodSecurityCheck = (spec) => {
  const found = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0);
  if (spec.securityContext?.runAsUser === 0) return "runAsUser=0 (pod must not set runAsUser=0)";
  return found.length === 0 ? undefined : `runAsUser=0 (${listed(found)} must not set runAsUser=0)`;
};

const good = (type: string | undefined): boolean => type === "RuntimeDefault" || type === "Localhost";

const seccomp: PodSecurityCheck = (spec) => {
  const podGood = good(spec.securityContext?.seccompProfile?.type);
  return offending(
    spec,
    ({ securityContext }) =>
      securityContext?.seccompProfile === undefined ? !podGood : !good(securityContext.seccompProfile.type),
    (list) =>
      `seccompProfile (pod or ${list} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
  );
};

/** The least that any cluster should ask for. */
export const baselineChecks: readonly PodSecurityCheck[] = [
  (spec) => {
    const shared = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field] === true);
    return shared.length === 0 ? undefined : `host namespaces (${shared.map((field) => `${field}=true`).join(", ")})`;
  },
  (spec) =>
    offending(
      spec,
      ({ securityContext }) => securityContext?.privileged === true,
      (list) => `privileged (${list} must not set securityContext.privileged=true)`,
    ),
  (spec) =>
    offending(
      spec,
      ({ securityContext }) =>
        (securityContext?.capabilities?.add ?? []).some((name) => !defaultCapabilities.has(name)),
      (list) =>
        `non-default capabilities (${list} must not include other than the default capabilities in securityContext.capabilities.add)`,
    ),
  (spec) => {
    const volumes = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined);
    return volumes.length === 0
      ? undefined
      : `hostPath volumes (${volumes.map(({ name }) => `volume "${name}"`).join(", ")})`;
  },
  (spec) =>
    offending(
      spec,
      ({ ports = [] }) => ports.some(({ hostPort = 0 }) => hostPort !== 0),
      (list) => `hostPort (${list} uses hostPorts)`,
    ),
];

/** What pods that want little can do without. */
export const restrictedChecks: readonly PodSecurityCheck[] = [
  (spec) =>
    offending(
      spec,
      ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
      (list) => `allowPrivilegeEscalation != false (${list} must set securityContext.allowPrivilegeEscalation=false)`,
    ),
  (spec) =>
    offending(
      spec,
      ({ securityContext }) =>
        !(securityContext?.capabilities?.drop ?? []).includes("ALL") ||
        (securityContext?.capabilities?.add ?? []).some((name) => name !== "NET_BIND_SERVICE"),
      (list) => `unrestricted capabilities (${list} must set securityContext.capabilities.drop=["ALL"])`,
    ),
  (spec) => {
    const volumes = (spec.volumes ?? []).filter((volume) =>
      Object.keys(volume).some((field) => !allowedVolumes.has(field)),
    );
    return volumes.length === 0
      ? undefined
      : `restricted volume types (${volumes.map(({ name }) => `volume "${name}"`).join(", ")} uses a restricted volume type)`;
  },
  (spec) => {
    const podSays = spec.securityContext?.runAsNonRoot;
    return offending(
      spec,
      ({ securityContext }) => (securityContext?.runAsNonRoot ?? podSays) !== true,
      (list) => `runAsNonRoot != true (pod or ${list} must set securityContext.runAsNonRoot=true)`,
    );
  },
  runsAsRoot,
  seccomp,
];
