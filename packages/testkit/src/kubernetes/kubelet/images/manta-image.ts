import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { LocalImage } from "./image-registry.ts";

/** Which images Manta's own files stand for. */
export interface MantaImageOptions {
  /** Default: names that end in `manta` or `mantaray`, such as ghcr.io/example/manta:1.0. */
  readonly match?: string | RegExp;
  /** Folder with `packages/mantaray`, or with `node_modules/mantaray`. Default: this repository. */
  readonly root?: string;
  /** The program inside `root`. Default packages/mantaray/bin/manta.js. */
  readonly program?: string;
  /** The Node that runs it. Default: this process's. */
  readonly node?: string;
}

/** Names that mean Ray's image; for `match`, where manifests are to run unchanged. */
export const rayImageNames: RegExp = /(^|\/)rayproject\/ray(-[a-z]+)?(:|@|$)/;

const repository = fileURLToPath(new URL("../../../../../../", import.meta.url));
const operatorProgram = "/opt/manta/packages/operator/src/main.ts";
const mantaNames = /(^|\/)(manta|mantaray)(:|@|$)/;

/** Manta as it lies on this machine: `manta`, `ray`, `serve` and `node` in PATH, /home/ray as home, user 1000. */
export const mantaImage = (options: MantaImageOptions = {}): LocalImage => {
  const node = options.node ?? process.execPath;
  const program = `/opt/manta/${options.program ?? "packages/mantaray/bin/manta.js"}`;
  return {
    ...programImage(options.root, node),
    match: options.match ?? mantaNames,
    // As links in the image, so that the program sees the name it was called by.
    scripts: {
      manta: `#!/bin/sh\nexec /opt/node/node ${program} "$@"\n`,
      ray: `#!/bin/sh\nexec /opt/node/node ${program} "$@"\n`,
      serve: `#!/bin/sh\nexec /opt/node/node ${program} serve "$@"\n`,
      "manta-operator": `#!/bin/sh\nexec /opt/node/node ${operatorProgram} "$@"\n`,
    },
    env: {
      ...nodeEnv,
      // As the image has it: the user's own mounts first, then the examples that come with Manta.
      MANTA_APP_PATH: "/home/ray/app:/opt/manta/examples/fruit",
      // 127.0.0.1 is the machine, not the pod; `localhost` is the pod.
      RAY_API_SERVER_ADDRESS: "http://localhost:8265",
    },
    cmd: ["/bin/bash"],
    workingDir: "/home/ray",
    writableFolders: ["/home/ray"],
    user: 1000,
  };
};

/** The operator's program as it lies on this machine. */
export const operatorImage = (options: MantaImageOptions = {}): LocalImage => ({
  ...programImage(options.root, options.node ?? process.execPath),
  match: options.match ?? /(^|\/)manta-operator(:|@|$)/,
  entrypoint: ["/opt/node/node", options.program === undefined ? operatorProgram : `/opt/manta/${options.program}`],
  env: nodeEnv,
  user: 1000,
});

const nodeEnv = { NODE_ENV: "production" };

const programImage = (root: string = repository, node: string): Pick<LocalImage, "binds" | "path"> => ({
  binds: [
    { host: root.replace(/\/$/, ""), path: "/opt/manta" },
    { host: dirname(node), path: "/opt/node" },
  ],
  path: ["/opt/node"],
});
