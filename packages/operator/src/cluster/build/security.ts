import type { Container, PodSecurityContext, PodSpec, SecurityContext } from "kubernetes-types/core/v1.d.ts";

/**
 * Makes a pod fit the restricted pod security standard (kubernetes.io/docs/concepts/security/pod-security-standards)
 * where its manifest says nothing else. The Ray container, the first, also gets a read-only root file system:
 * what it writes goes to volumes.
 */
export const hardened = (pod: PodSpec): PodSpec => ({
  // Nothing of ours asks the API; who does names a service account.
  ...(pod.serviceAccountName === undefined ? { automountServiceAccountToken: false } : {}),
  ...pod,
  securityContext: podContext(pod.securityContext ?? {}),
  containers: pod.containers.map((container, index) => guarded(container, index === 0)),
  ...(pod.initContainers === undefined
    ? {}
    : { initContainers: pod.initContainers.map((container) => guarded(container, false)) }),
});

const podContext = (given: PodSecurityContext): PodSecurityContext => ({
  ...(given.runAsUser === 0 ? {} : { runAsNonRoot: true, runAsUser: userId, runAsGroup: userId }),
  // Volumes belong to the group, or the user could not write the embedded store.
  fsGroup: userId,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
  ...given,
});

/** The image's user, as the reference's. */
const userId = 1_000;

const guarded = (container: Container, readOnlyRoot: boolean): Container => {
  const given: SecurityContext = container.securityContext ?? {};
  if (given.privileged === true) return container;
  return {
    ...container,
    securityContext: {
      allowPrivilegeEscalation: false,
      ...(readOnlyRoot ? { readOnlyRootFilesystem: true } : {}),
      ...given,
      capabilities: { drop: ["ALL"], ...given.capabilities },
    },
  };
};
