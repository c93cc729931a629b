import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { type Payload, VolumeError } from "./payload.ts";

/**
 * Writes a volume's files so that they change in one step, as a kubelet does: a folder a version, `..data` a link to the
 * current one, and a link for each entry. https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
 */
export const writePayload = (folder: string, payload: Payload): void => {
  mkdirSync(folder, { recursive: true });
  const version = `..${digestOf(payload)}`;
  const old = currentVersion(folder);
  if (old === version) return;
  for (const [path, file] of payload) {
    const target = join(folder, version, safePath(path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, file.data);
    chmodSync(target, file.mode);
  }
  mkdirSync(join(folder, version), { recursive: true });
  replaceLink(folder, "..data", version);
  const entries = new Set([...payload.keys()].map((path) => safePath(path).split("/")[0] ?? ""));
  const present = new Set(readdirSync(folder).filter((name) => !name.startsWith("..")));
  for (const entry of entries) if (!present.has(entry)) symlinkSync(join("..data", entry), join(folder, entry));
  for (const entry of present) if (!entries.has(entry)) rmSync(join(folder, entry), { force: true });
  if (old !== undefined) rmSync(join(folder, old), { recursive: true, force: true });
};

const digestOf = (payload: Payload): string => {
  const hash = createHash("sha256");
  for (const [path, file] of payload) hash.update(`${path}\0${file.mode}\0${file.data.length}\0`).update(file.data);
  return hash.digest("hex").slice(0, 16);
};

const currentVersion = (folder: string): string | undefined => {
  try {
    return readlinkSync(join(folder, "..data"));
  } catch {
    return undefined;
  }
};

const replaceLink = (folder: string, name: string, target: string): void => {
  const next = join(folder, `${name}_tmp`);
  rmSync(next, { force: true });
  symlinkSync(target, next);
  renameSync(next, join(folder, name));
};

const safePath = (path: string): string => {
  const normal = normalize(path);
  if (isAbsolute(normal) || normal.startsWith(".."))
    throw new VolumeError(`path ${JSON.stringify(path)} leaves its volume`);
  return normal;
};
