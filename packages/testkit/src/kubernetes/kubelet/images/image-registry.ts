import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bind } from "../sandbox/root-arguments.ts";

/** What stands for a container image on this machine: no layers, but folders of the host and a few scripts. */
export interface LocalImage {
  /** A text is compared with the repository (`redis` also stands for docker.io/library/redis:7); an expression with the whole name. */
  readonly match: string | RegExp;
  readonly binds?: readonly Bind[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folders of PATH before the usual ones. */
  readonly path?: readonly string[];
  /** Programs by name, as shell text, before all others in PATH. The pod's address is in /etc/.pod/ip. */
  readonly scripts?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** Default `/`. */
  readonly workingDir?: string;
  /** Folders that a container may write, beside /tmp, /var, /run and /root. */
  readonly writableFolders?: readonly string[];
  /** Who runs where the pod does not say. Default 0. */
  readonly user?: number;
}

/** An image that a container may run. */
export interface ResolvedImage extends LocalImage {
  /** As the pod wrote it. */
  readonly name: string;
  /** Stands for the digest in the status. */
  readonly id: string;
  /** The scripts' folder included. */
  readonly binds: readonly Bind[];
  readonly path: readonly string[];
}

/** curl knows by itself that localhost is 127.0.0.1; in a pod here it is the pod. */
const commonScripts = {
  curl:
    "#!/bin/sh\nip=$(cat /etc/.pod/ip)\n" +
    'exec /usr/bin/curl --connect-to "localhost::$ip:" --connect-to "127.0.0.1::$ip:" "$@"\n',
};
const scriptsFolder = "/opt/.image/bin";

/** The images that this kubelet can run; the first that matches wins. */
export class ImageRegistry {
  readonly #images: LocalImage[];

  constructor(images: readonly LocalImage[]) {
    this.#images = [...images];
  }

  /** Wins over those that are there: who has one to say says it last. */
  add(image: LocalImage): void {
    this.#images.unshift(image);
  }

  /** Undefined: nobody knows the image. Writes the image's scripts into `folder`. */
  resolve(name: string, folder: string): ResolvedImage | undefined {
    const image = this.#images.find((candidate) => matches(candidate.match, name));
    if (image === undefined) return undefined;
    const scripts = writeScripts({ ...commonScripts, ...image.scripts }, folder);
    return {
      ...image,
      name,
      id: `local://${repositoryOf(name)}`,
      binds: [...(image.binds ?? []), { host: scripts, path: scriptsFolder }],
      path: [scriptsFolder, ...(image.path ?? [])],
    };
  }

  /** For messages. */
  get names(): string {
    return this.#images.map((image) => String(image.match)).join(", ");
  }
}

const matches = (match: string | RegExp, name: string): boolean =>
  typeof match === "string" ? match === name || repositoryOf(match) === repositoryOf(name) : match.test(name);

/** Without tag, digest and Docker Hub's own prefixes. */
const repositoryOf = (name: string): string =>
  name
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "")
    .replace(/^docker\.io\//, "")
    .replace(/^library\//, "");

const writeScripts = (scripts: Readonly<Record<string, string>>, folder: string): string => {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(folder, name), text, { mode: 0o755 });
  return folder;
};
