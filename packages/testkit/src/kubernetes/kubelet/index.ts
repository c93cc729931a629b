/** Nodes of a small cluster: pods as sandboxes of this machine, their scheduler, and what talks with them. */
export { ImageRegistry, type LocalImage } from "./images/image-registry.ts";
export { type MantaImageOptions, mantaImage, operatorImage, rayImageNames } from "./images/manta-image.ts";
export { redisImage } from "./images/redis-image.ts";
export { shellImages } from "./images/shell-images.ts";
export { defaultImages, Kubelet, type KubeletOptions } from "./kubelet.ts";
export type { KubeletLog } from "./log.ts";
