import { join } from "node:path";
import type { SecurityContext } from "kubernetes-types/core/v1.d.ts";
import { resources } from "../../api/resources.ts";
import { ContainerConfigError, containerEnv } from "../env/container-env.ts";
import { expand } from "../env/expand.ts";
import type { PodFacts } from "../env/field-value.ts";
import { serviceEnv } from "../env/service-env.ts";
import type { ResolvedImage } from "../images/image-registry.ts";
import { Sandbox } from "../sandbox/sandbox.ts";
import { onTerminal } from "../sandbox/terminal.ts";
import { type ContainerSpec, namespaceOf, type Pod } from "../types.ts";
import { VolumeError } from "../volumes/payload.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import { ImageError } from "./container-runner.ts";
import type { PodDeps } from "./pod-deps.ts";

const pathDefault = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const privateFolders = ["/tmp", "/var", "/run", "/root"];

/** What a container of a pod is started from. */
export interface LaunchRequest {
  readonly deps: PodDeps;
  readonly pod: Pod;
  readonly spec: ContainerSpec;
  readonly facts: PodFacts;
  readonly volumes: PodVolumes;
  readonly etcFolder: string;
  readonly hostname: string;
}

/** Starts a container's program. Rejects with `ImageError`, `ContainerConfigError`, or what the sandbox says. */
export const launchContainer = async (request: LaunchRequest): Promise<Sandbox> => {
  const { deps, pod, spec, facts, volumes, etcFolder, hostname } = request;
  const image = findImage(deps, spec);
  const base = { ...(await clusterEnv(deps, pod)), ...imageEnv(image, hostname) };
  const env = await containerEnv(deps.access, pod, spec, facts, base);
  const argv = [
    ...(spec.command?.map((word) => expand(word, env)) ?? image.entrypoint ?? []),
    ...(spec.args?.map((word) => expand(word, env)) ?? (spec.command === undefined ? (image.cmd ?? []) : [])),
  ];
  if (argv.length === 0) throw new ContainerConfigError(`no command specified, and image ${image.name} has none`);
  const security: SecurityContext = { ...pickUser(pod.spec.securityContext), ...spec.securityContext };
  const uid = security.runAsUser ?? image.user ?? 0;
  if (security.runAsNonRoot === true && uid === 0)
    throw new ContainerConfigError("container has runAsNonRoot and image will run as root");
  const workingDir = spec.workingDir ?? image.workingDir ?? "/";
  const extraFolders = [...(image.writableFolders ?? []), ...(isMadeFor(workingDir) ? [workingDir] : [])];
  return Sandbox.start(deps.programs, {
    argv: spec.tty === true ? onTerminal(argv) : argv,
    env: { HOME: uid === 1000 ? "/home/ray" : "/root", ...env },
    workingDir,
    hostname,
    uid,
    gid: security.runAsGroup ?? (uid === 0 ? 0 : uid),
    stdin: spec.stdin === true,
    files: {
      imageBinds: image.binds,
      mounts: bindsOf(volumes, spec, env),
      etcFolder,
      privateFolders: [...new Set([...privateFolders, ...extraFolders])],
      readOnly: security.readOnlyRootFilesystem === true,
    },
  });
};

const findImage = (deps: PodDeps, spec: ContainerSpec): ResolvedImage => {
  const name = spec.image ?? "";
  const folder = join(deps.folders.images, Buffer.from(name).toString("base64url").slice(0, 100));
  const image = deps.images.resolve(name, folder);
  if (image !== undefined) return image;
  throw new ImageError(
    `failed to pull image ${JSON.stringify(name)}: the local kubelet pulls nothing, it knows ${deps.images.names}`,
  );
};

/** What a pod may say of the user for all its containers. */
const pickUser = (context: Pod["spec"]["securityContext"]): SecurityContext => ({
  ...(context?.runAsUser === undefined ? {} : { runAsUser: context.runAsUser }),
  ...(context?.runAsGroup === undefined ? {} : { runAsGroup: context.runAsGroup }),
  ...(context?.runAsNonRoot === undefined ? {} : { runAsNonRoot: context.runAsNonRoot }),
});

/** A container runtime makes the working directory where the image has none. */
const isMadeFor = (workingDir: string): boolean =>
  workingDir !== "/" && !/^\/(usr|bin|sbin|lib|lib64|etc|proc|dev|tmp|var|run|root|opt)(\/|$)/.test(workingDir);

const bindsOf = (volumes: PodVolumes, spec: ContainerSpec, env: Readonly<Record<string, string>>) => {
  try {
    return volumes.bindsOf(spec, env);
  } catch (error) {
    if (error instanceof VolumeError) throw new ContainerConfigError(error.message, { cause: error });
    throw error;
  }
};

const clusterEnv = async (deps: PodDeps, pod: Pod): Promise<Record<string, string>> => {
  const { access, apiServer } = deps;
  const services =
    pod.spec.enableServiceLinks === false ? [] : await access.list(resources.services, { namespace: namespaceOf(pod) });
  const port = String(apiServer?.port);
  return {
    ...serviceEnv(services),
    ...(apiServer === undefined
      ? {}
      : {
          KUBERNETES_SERVICE_HOST: apiServer.host,
          KUBERNETES_SERVICE_PORT: port,
          KUBERNETES_SERVICE_PORT_HTTPS: port,
          KUBERNETES_PORT: `tcp://${apiServer.host}:${port}`,
        }),
  };
};

const imageEnv = (image: ResolvedImage, hostname: string): Record<string, string> => ({
  PATH: [...image.path, ...pathDefault].join(":"),
  HOSTNAME: hostname,
  LANG: "C.UTF-8",
  ...image.env,
});
