import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs a sandbox is made of. */
export interface SandboxPrograms {
  readonly bwrap: string;
  readonly nsenter: string;
}

/** Finds them in PATH. Throws an error that says what to install. */
export const findSandboxPrograms = (path: string | undefined = process.env.PATH): SandboxPrograms => ({
  bwrap: find("bwrap", "bubblewrap", path),
  nsenter: find("nsenter", "util-linux", path),
});

const find = (name: string, debianPackage: string, path: string | undefined): string => {
  const folders = [...(path ?? "").split(delimiter).filter((folder) => folder !== ""), "/usr/bin", "/bin", "/usr/sbin"];
  const found = folders.map((folder) => join(folder, name)).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    `pods of the local Kubernetes run in sandboxes made by ${name}, which is not in PATH: ` +
      `install it (Debian, Ubuntu: apt install ${debianPackage}; Fedora: dnf install ${debianPackage})`,
  );
};

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
