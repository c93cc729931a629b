import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { kubeletLimits } from "../limits.ts";

/** A folder or file of the host at a path of the container. */
export interface Bind {
  readonly host: string;
  readonly path: string;
  /** Default false. */
  readonly writable?: boolean;
}

/** What a container sees of files. */
export interface RootFiles {
  /** Of the image, read-only unless they say otherwise. */
  readonly imageBinds: readonly Bind[];
  /** Volumes and what the kubelet adds, in any order. */
  readonly mounts: readonly Bind[];
  /** The pod's folder with hosts, hostname, …; seen as /etc/.pod, so that a file in it can be replaced in one step. */
  readonly etcFolder: string;
  /** Folders that are the container's own and go with it. */
  readonly privateFolders: readonly string[];
  /** `securityContext.readOnlyRootFilesystem`: the private folders are there, but nobody can write into them. */
  readonly readOnly: boolean;
}

/** What programs need of the host's /etc; never its accounts, names or secrets. */
const etcPieces = [
  "alternatives",
  "bash.bashrc",
  "ca-certificates",
  "ca-certificates.conf",
  "fonts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "mime.types",
  "pki",
  "profile",
  "protocols",
  "services",
  "ssl",
  "terminfo",
  "timezone",
];
/** In `etcFolder`. */
const podPieces = ["hosts", "host.conf", "hostname", "resolv.conf", "nsswitch.conf", "passwd", "group"];
const programFolders = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** bwrap's arguments for the root file system of a container. Reads the host's folders. */
export const rootArguments = (files: RootFiles): string[] => [
  "--ro-bind",
  "/usr",
  "/usr",
  ...programFolders.flatMap(sameOnHost),
  "--proc",
  "/proc",
  "--dev",
  "/dev",
  "--perms",
  "1777",
  "--tmpfs",
  "/dev/shm",
  ...files.privateFolders.flatMap((path) => ["--perms", path === "/tmp" ? "1777" : "0755", "--tmpfs", path]),
  ...etcArguments(files.etcFolder),
  ...mountArguments(files),
  ...(files.readOnly ? closedFolders(files).flatMap((path) => ["--remount-ro", path]) : []),
];

/** A folder with a volume on it is the volume's to open or close. */
const closedFolders = ({ privateFolders, mounts }: RootFiles): string[] => {
  const mounted = new Set(mounts.map(({ path }) => path.replace(/(.)\/$/, "$1")));
  return [...privateFolders, "/etc", "/"].filter((path) => !mounted.has(path));
};

/** A link on the host (/bin → usr/bin) is one in the container. */
const sameOnHost = (path: string): string[] => {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
};

const etcArguments = (etcFolder: string): string[] => [
  "--tmpfs",
  "/etc",
  ...etcPieces.flatMap((piece) => sameOnHost(`/etc/${piece}`)),
  "--ro-bind",
  etcFolder,
  "/etc/.pod",
  ...podPieces.flatMap((piece) => ["--symlink", `.pod/${piece}`, `/etc/${piece}`]),
  "--symlink",
  "/proc/mounts",
  "/etc/mtab",
];

/** Outer folders first, so that an inner mount is not hidden. */
const mountArguments = (files: RootFiles): string[] => {
  const binds = [...files.imageBinds, ...files.mounts].toSorted((a, b) => depth(a.path) - depth(b.path));
  const opened = new Set<string>();
  const mounts = binds.flatMap((bind) => [
    ...openArguments(bind.path, opened),
    bind.writable === true ? "--bind" : "--ro-bind",
    bind.host,
    bind.path,
  ]);
  return [...mounts, ...[...opened].flatMap((folder) => ["--remount-ro", folder])];
};

const depth = (path: string): number => path.split("/").filter((part) => part !== "").length;

/**
 * A mount point that the host's /usr does not have cannot be made in it: the folder it would be in becomes a folder of
 * the container's own with the same entries.
 */
const openArguments = (path: string, opened: Set<string>): string[] => {
  if (!path.startsWith("/usr/") || existsSync(path)) return [];
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  if (opened.has(folder) || folder === "/usr/bin" || folder === "/usr/lib") return [];
  opened.add(folder);
  const entries = readdirSync(folder);
  if (entries.length > kubeletLimits.openedFolderEntriesMax)
    throw new Error(`cannot mount ${path}: ${folder} of the host has ${entries.length} entries`);
  return ["--tmpfs", folder, ...entries.flatMap((entry) => sameOnHost(join(folder, entry)))];
};
