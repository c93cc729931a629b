import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Path of a program in PATH or where Debian keeps daemons, if it is installed. */
export const installed = (program: string): string | undefined =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
    .map((directory) => join(directory, program))
    .find(isExecutable);

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
