import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { nodeIdSchema } from "../../protocol/ids.ts";
import { pidFilesDir } from "../node-paths.ts";

/** A process, named so that a reused pid is not taken for it. */
const processRefSchema = z.object({ pid: z.number().int().positive(), startTicks: z.number().int() });
export type ProcessRef = z.infer<typeof processRefSchema>;

/** What a node leaves on disk about its processes, for `manta stop` and for the next agent. */
export const localNodeSchema = processRefSchema.extend({
  nodeId: nodeIdSchema,
  /** Boot of the machine: pids of another one mean nothing. */
  bootId: z.string(),
  ip: z.string(),
  head: z.boolean(),
  /** Control store, `host:port`. */
  address: z.string(),
  sessionDir: z.string(),
  /** Ports of the health endpoint, the proxy (0: the cluster's) and, on a head, control store and API server. */
  ports: z.object({
    agent: z.number().int(),
    proxy: z.number().int(),
    gcs: z.number().int().nullable(),
    dashboard: z.number().int().nullable(),
  }),
  startMs: z.number(),
  /** Leaders of the process groups that the agent started and that have not ended. */
  groups: z.array(processRefSchema.extend({ name: z.string() })),
});
export type LocalNode = z.infer<typeof localNodeSchema>;

/** Writes a node's pid file so that a reader sees the old or the new one, never half of it. */
export const writePidFile = (path: string, node: LocalNode): void => writeWhole(path, `${JSON.stringify(node)}\n`);

/** Writes process groups in the guard's form: a line each, `<pid> <start ticks>`. */
export const writeGroupsFile = (path: string, groups: readonly ProcessRef[]): void =>
  writeWhole(path, groups.map(({ pid, startTicks }) => `${pid} ${startTicks}\n`).join(""));

/** Every node that has a pid file under a temp dir, whether it still runs or not. Damaged files are left out. */
export const readPidFiles = (tempDir: string): { path: string; node: LocalNode }[] => {
  const dir = pidFilesDir(tempDir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const found: { path: string; node: LocalNode }[] = [];
  for (const name of readdirSync(dir)) {
    if (!name.endsWith(".json")) continue;
    const path = join(dir, name);
    const node = readPidFile(path);
    if (node !== undefined) found.push({ path, node });
  }
  return found;
};

/** One node's pid file; undefined when it is not there or damaged. */
export const readPidFile = (path: string): LocalNode | undefined => {
  try {
    return localNodeSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // Removed meanwhile, or not ours to judge: a kill must rest on a record that is whole.
    return undefined;
  }
};

/** Forgets a node. */
export const removePidFile = (path: string): void => rmSync(path, { force: true });

const writeWhole = (path: string, text: string): void => {
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
};
