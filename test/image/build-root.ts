import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Instruction, parseDockerfile } from "./dockerfile.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const outputBytesMax = 64 * 1024 * 1024;

/** A root made by the Dockerfile, and what it says of how to run it. */
export interface ImageRoot {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** `uid:gid`. */
  readonly user: string;
  readonly workdir: string;
}

/**
 * Does what the Dockerfile says without a container engine: the base is made by `debootstrap` with the
 * repository's own Node, commands run by `chroot`. Needs root and Debian's mirror. `folder` should be
 * on a disk with 3 GB free.
 */
export const buildRoot = async (folder: string): Promise<ImageRoot> => {
  const stages = parseDockerfile(await readFile(join(repository, "Dockerfile"), "utf8"));
  const base = join(folder, "base");
  await makeBase(base);
  const done = new Map<string, Builder>();
  let last: Builder | undefined;
  for (const stage of stages) {
    last = new Builder(join(folder, stage.name), done);
    await last.begin(done.get(stage.from), base);
    for (const instruction of stage.instructions) await last.run(instruction);
    done.set(stage.name, last);
  }
  if (last === undefined) throw new Error("the Dockerfile has no stage");
  for (const stage of stages.slice(0, -1)) await rm(join(folder, stage.name), { recursive: true, force: true });
  return last;
};

/** As node:24-bookworm-slim is: Debian, Node and npm in /usr/local, a user `node` of uid 1000. */
const makeBase = async (path: string): Promise<void> => {
  await run("debootstrap", ["--variant=minbase", "bookworm", path, "http://deb.debian.org/debian"], {
    maxBuffer: outputBytesMax,
  });
  const node = join(repository, "node_modules/node/bin/node");
  await cp(node, join(path, "usr/local/bin/node"), { dereference: true });
  const { stdout } = await run("sh", ["-c", "command -v npm"]);
  await cp(dirname(dirname(await realpath(stdout.trim()))), join(path, "usr/local/lib/node_modules/npm"), {
    recursive: true,
  });
  await writeFile(
    join(path, "usr/local/bin/npm"),
    '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
  );
  await chmod(join(path, "usr/local/bin/npm"), 0o755);
  await run("chroot", [
    path,
    "useradd",
    "--uid",
    "1000",
    "--user-group",
    "--create-home",
    "--shell",
    "/bin/bash",
    "node",
  ]);
};

class Builder implements ImageRoot {
  readonly path: string;
  readonly env: Record<string, string> = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
  user = "0:0";
  workdir = "/";
  readonly #stages: ReadonlyMap<string, Builder>;

  constructor(path: string, stages: ReadonlyMap<string, Builder>) {
    this.path = path;
    this.#stages = stages;
  }

  async begin(parent: Builder | undefined, base: string): Promise<void> {
    await run("cp", ["--archive", "--reflink=auto", parent?.path ?? base, this.path]);
    this.workdir = parent?.workdir ?? "/";
    Object.assign(this.env, parent?.env);
    // The way out of this machine is the machine's own affair, not the image's.
    await cp("/etc/resolv.conf", join(this.path, "etc/resolv.conf"), { dereference: true });
    const authorities = process.env["NODE_EXTRA_CA_CERTS"];
    if (authorities !== undefined) await cp(authorities, join(this.path, "tmp/authorities.pem"), { dereference: true });
  }

  async run({ name, text }: Instruction): Promise<void> {
    if (name === "WORKDIR") {
      this.workdir = text;
      await mkdir(join(this.path, text), { recursive: true });
    } else if (name === "USER") this.user = text;
    else if (name === "ENV") {
      const [key = "", value = ""] = text.split("=");
      this.env[key] = value;
    } else if (name === "COPY") await this.#copy(text);
    else if (name === "RUN") await this.#command(text);
    else if (name !== "CMD") throw new Error(`${name} ${text}: not known to this builder`);
  }

  async #command(command: string): Promise<void> {
    const script = `cd '${this.workdir}' && ${command}`;
    await run("chroot", [this.path, "/bin/sh", "-c", script], {
      env: { ...this.env, HOME: "/root", NODE_EXTRA_CA_CERTS: "/tmp/authorities.pem" },
      maxBuffer: outputBytesMax,
    });
  }

  async #copy(text: string): Promise<void> {
    const words = text.split(/\s+/);
    const flag = words[0]?.startsWith("--from=") === true ? words.shift()?.slice("--from=".length) : undefined;
    const target = words.pop() ?? "";
    const from = flag === undefined ? undefined : this.#stages.get(flag);
    if (flag !== undefined && from === undefined) throw new Error(`COPY ${text}: no stage ${flag}`);
    const to = join(this.path, target.startsWith("/") ? target : join(this.workdir, target));
    for (const source of words) {
      const path = join(from?.path ?? repository, source);
      const into = target.endsWith("/") ? join(to, basename(source)) : to;
      const filter = from === undefined ? (file: string) => isInContext(relative(repository, file)) : () => true;
      await cp(path, into, { recursive: true, verbatimSymlinks: true, filter });
    }
  }
}

/** What `.dockerignore` leaves of the repository. */
const isInContext = (path: string): boolean => !/(^|\/)(node_modules|dist)(\/|$)|\.test\.ts$|\.log$/.test(path);
