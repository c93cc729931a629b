import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NodeId, WorkerId } from "../base/ids.ts";

/** Where the files of a node are. */
export interface NodePaths {
  readonly tempDir: string;
  readonly sessionDir: string;
  readonly nodeDir: string;
  readonly logsDir: string;
  readonly bundlesDir: string;
  readonly routingFile: string;
  readonly socketsDir: string;
  readonly agentSocket: string;
  readonly pidFile: string;
  /** The same process groups as in the pid file, for the guard, which is a shell. */
  readonly groupsFile: string;
  /** Holds `host:port` of the control store, for clients on this machine. */
  readonly currentClusterFile: string;
  readonly compileCacheDir: string;
  /** Where the control store may be, newest knowledge, a comma list: for processes of this node. */
  readonly gcsAddressesFile: string;
}

/**
 * Files that outlive a node's id: for the next agent with this address and these control stores. Beside the
 * session, so that who removes a folder of sessions leaves nothing.
 */
export const formerDirOf = (sessionDir: string, nodeIp: string, gcsAddresses: readonly string[]): string => {
  const place = [nodeIp, ...gcsAddresses.toSorted()].join(" ");
  return join(dirname(sessionDir), "former", createHash("sha256").update(place).digest("hex").slice(0, 16));
};

/** First digits of an id: enough for a file name, and sockets must have short paths. */
export const shortId = (id: NodeId | WorkerId): string => id.slice(0, 8);

/** Folder of pid files: one a node that runs (or ran) on this machine. */
export const pidFilesDir = (tempDir: string): string => join(tempDir, "nodes");

/** Folder of a node's unix sockets. */
export const socketsDirOf = (tempDir: string, nodeId: NodeId): string => join(tempDir, "s", shortId(nodeId));

/** List of a node's process groups for its guard. */
export const groupsFileOf = (tempDir: string, nodeId: NodeId): string =>
  join(pidFilesDir(tempDir), `${shortId(nodeId)}.groups`);

/** The layout under the temp dir. */
export const nodePaths = (tempDir: string, sessionDir: string, nodeId: NodeId): NodePaths => {
  const nodeDir = join(sessionDir, shortId(nodeId));
  const socketsDir = socketsDirOf(tempDir, nodeId);
  return {
    tempDir,
    sessionDir,
    nodeDir,
    logsDir: join(nodeDir, "logs"),
    bundlesDir: join(nodeDir, "bundles"),
    routingFile: join(nodeDir, "routing.json"),
    socketsDir,
    agentSocket: join(socketsDir, "agent.sock"),
    pidFile: join(pidFilesDir(tempDir), `${shortId(nodeId)}.json`),
    groupsFile: groupsFileOf(tempDir, nodeId),
    currentClusterFile: join(tempDir, "ray_current_cluster"),
    compileCacheDir: join(tempDir, "compile-cache"),
    gcsAddressesFile: join(nodeDir, "gcs-addresses"),
  };
};

/** Where a worker listens for links from its own node. */
export const workerSocket = (paths: NodePaths, workerId: WorkerId): string =>
  join(paths.socketsDir, `w-${shortId(workerId)}.sock`);

/** Makes the folders, readable by their owner only. */
export const makeNodeDirs = (paths: NodePaths): void => {
  for (const dir of [paths.logsDir, paths.bundlesDir, paths.socketsDir, pidFilesDir(paths.tempDir)]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
};
