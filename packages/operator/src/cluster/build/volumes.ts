import type { Container, PodSpec, Volume, VolumeMount } from "kubernetes-types/core/v1.d.ts";

/** A pod and its Ray container while they are put together. */
export interface PodParts {
  readonly pod: PodSpec;
  readonly container: Container;
}

/** Adds volumes and their mounts; what the user has mounted at the same path stays as it is. */
export const withVolumes = (
  parts: PodParts,
  more: { readonly volumes: readonly Volume[]; readonly mounts: readonly VolumeMount[] },
): PodParts => {
  const mounted = new Set((parts.container.volumeMounts ?? []).map(({ mountPath }) => trimmed(mountPath)));
  const mounts = more.mounts.filter(({ mountPath }) => !mounted.has(trimmed(mountPath)));
  if (mounts.length === 0) return parts;
  const wanted = new Set(mounts.map(({ name }) => name));
  const known = new Set((parts.pod.volumes ?? []).map(({ name }) => name));
  const volumes = more.volumes.filter(({ name }) => wanted.has(name) && !known.has(name));
  return {
    pod: { ...parts.pod, volumes: [...(parts.pod.volumes ?? []), ...volumes] },
    container: { ...parts.container, volumeMounts: [...(parts.container.volumeMounts ?? []), ...mounts] },
  };
};

/** Shared memory of the size of the container's memory (reference, section 2.9), unless `plasma-directory` says where else. */
export const withSharedMemory = (parts: PodParts, params: Readonly<Record<string, string>>): PodParts => {
  if (params["plasma-directory"] !== undefined) return parts;
  const { limits, requests } = parts.container.resources ?? {};
  const sizeLimit = limits?.memory ?? requests?.memory;
  const emptyDir = { medium: "Memory", ...(sizeLimit === undefined ? {} : { sizeLimit }) };
  return withVolumes(parts, {
    volumes: [{ name: "shared-mem", emptyDir }],
    mounts: [{ name: "shared-mem", mountPath: "/dev/shm" }],
  });
};

/** A place for what a node writes, where its root file system is read-only. */
export const withTemp = (parts: PodParts): PodParts =>
  withVolumes(parts, { volumes: [{ name: "tmp", emptyDir: {} }], mounts: [{ name: "tmp", mountPath: "/tmp" }] });

const trimmed = (path: string): string => path.replace(/\/+$/, "");
