/**
 * A small Kubernetes in one process: for tests of the operator, for the quickstart, and for whoever has no cluster at
 * hand. Real kubectl and helm speak with it.
 */

export type { ApiAccess, DeleteOptions, ListOptions, ObjectId, WatchEvent } from "./api/access.ts";
export { ApiError, type StatusReason } from "./api/api-error.ts";
export type { KubeObject, ObjectMeta, OwnerReference, ResourceId } from "./api/objects.ts";
export { resources } from "./api/resources.ts";
export { ApiServer, type ApiServerOptions } from "./apiserver/api-server.ts";
export { type ControllerOptions, startControllers } from "./controllers/start-controllers.ts";
export { ForeignKubernetes, type KubernetesUnderTest } from "./foreign-kubernetes.ts";
export { gatewayClassName } from "./gateway/gateway-controller.ts";
export { gatewayResources } from "./gateway/types.ts";
export { kubectlPrograms, runHelm, runKubectl, spawnKubectl } from "./kubectl.ts";
export {
  defaultImages,
  ImageRegistry,
  Kubelet,
  type KubeletLog,
  type KubeletOptions,
  type LocalImage,
  type MantaImageOptions,
  mantaImage,
  operatorImage,
  rayImageNames,
  redisImage,
  shellImages,
} from "./kubelet/index.ts";
export { LocalKubernetes, type LocalKubernetesOptions } from "./local-kubernetes.ts";
export { PretendKubelet, type PretendKubeletOptions } from "./pretend-kubelet.ts";
