import { dirname } from "node:path";
import type { LocalImage } from "./image-registry.ts";

/** Images with nothing but a shell and the usual tools: the host's own stand for them. */
export const shellImages: readonly LocalImage[] = [
  { match: "busybox", cmd: ["sh"] },
  { match: "alpine", cmd: ["sh"] },
  { match: "debian", cmd: ["bash"] },
  { match: "ubuntu", cmd: ["bash"] },
  { match: "bash", cmd: ["bash"] },
  {
    match: "node",
    cmd: ["node"],
    binds: [{ host: dirname(process.execPath), path: "/opt/node" }],
    path: ["/opt/node"],
  },
  { match: "curlimages/curl", entrypoint: ["curl"], cmd: ["--help"], user: 100 },
  // Holds the namespaces of a pod elsewhere; here it only waits. As the first process it ends only by what it handles.
  {
    match: /(^|\/)pause(:|@|$)/,
    entrypoint: ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait; done"],
  },
];
