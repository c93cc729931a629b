import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of a `working_dir`: a `file://` address, or a path that may be relative to one of the search paths. */
export const findWorkingDir = (workingDir: string, searchPaths: readonly string[]): string | undefined =>
  candidates(workingDir, searchPaths).find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);

/** Why there is none. */
export const missingWorkingDir = (workingDir: string, searchPaths: readonly string[]): string =>
  `runtime_env.working_dir ${JSON.stringify(workingDir)} is no folder on the head: looked for ${candidates(workingDir, searchPaths).join(", ")}`;

const candidates = (workingDir: string, searchPaths: readonly string[]): string[] => {
  if (!workingDir.startsWith("file://")) return [...new Set(searchPaths.map((path) => resolve(path, workingDir)))];
  try {
    return [fileURLToPath(workingDir)];
  } catch {
    // file://host/…: of another machine, so not here.
    return [workingDir];
  }
};
