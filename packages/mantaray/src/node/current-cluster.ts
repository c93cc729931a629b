import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Tells clients on this machine where the control store is: one `host:port`, or a comma list with the leading one first. */
export const writeCurrentCluster = (file: string, addresses: string): void => {
  writeFileSync(`${file}.tmp`, `${addresses}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
};

/** Takes it back, unless a newer head has written its own meanwhile. */
export const removeCurrentCluster = (file: string, address: string): void => {
  let found: string;
  try {
    found = readFileSync(file, "utf8").trim();
  } catch {
    return;
  }
  if (found.split(",").includes(address)) rmSync(file, { force: true });
};
