import { readFile, rm, stat } from "node:fs/promises";
import { z } from "zod";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { actorRecordSchema } from "../../protocol/actor.ts";
import { clusterEventSchema } from "../../protocol/gcs.ts";
import { nodeRecordSchema } from "../../protocol/node.ts";
import { routingSnapshotSchema } from "../../protocol/routing.ts";
import { TableState } from "../table-state.ts";
import { listStoreFiles, logPath, removeOlder, snapshotPath } from "./files.ts";
import { decodeFile } from "./frames.ts";
import { LogFile } from "./log-file.ts";

/** What the files of a directory amount to. */
export interface Recovered {
  readonly state: TableState;
  /** The log to go on with. */
  readonly file: LogFile;
  readonly snapshotBytes: number;
}

/**
 * Rebuilds the state: the newest snapshot, then every log from its generation on. Only the newest log may
 * end in a torn frame, which is cut off: nobody was told that it was written.
 */
export const recover = async (directory: string, log: Log): Promise<Recovered> => {
  const { snapshots, logs, temporary } = await listStoreFiles(directory);
  for (const path of temporary) await rm(path, { force: true });
  const generation = snapshots.at(-1);
  const raw = new TableState();
  let snapshotBytes = 0;
  if (generation !== undefined) {
    const path = snapshotPath(directory, generation);
    await replayWhole(path, raw);
    snapshotBytes = (await stat(path)).size;
  }
  const needed = logs.filter((each) => each >= (generation ?? 0));
  checkContiguous(directory, needed, generation ?? 1);
  const newest = needed.at(-1);
  for (const each of needed.slice(0, -1)) await replayWhole(logPath(directory, each), raw);
  const file =
    newest === undefined
      ? await LogFile.create(directory, generation ?? 1)
      : await resumeNewest(directory, newest, raw, log);
  if (generation !== undefined) await removeOlder(directory, generation);
  return { state: checked(directory, raw), file, snapshotBytes };
};

const replayWhole = async (path: string, state: TableState): Promise<void> => {
  const { mutations, torn, goodBytes } = decodeFile(path, await readFile(path));
  if (torn) {
    throw new MantaError("internal", `${path} is damaged at byte ${goodBytes}, and newer files follow it`, {
      details: { path, offset: goodBytes },
    });
  }
  for (const mutation of mutations) state.apply(mutation);
};

const resumeNewest = async (directory: string, generation: number, state: TableState, log: Log): Promise<LogFile> => {
  const path = logPath(directory, generation);
  const bytes = await readFile(path);
  const decoded = decodeFile(path, bytes);
  for (const mutation of decoded.mutations) state.apply(mutation);
  if (decoded.torn) {
    const lostBytes = bytes.length - decoded.goodBytes;
    log.warn({ path, lostBytes }, "cut off a torn tail: an unfinished write that nobody was told had succeeded");
  }
  return LogFile.resume(directory, generation, decoded.goodBytes);
};

const checkContiguous = (directory: string, generations: readonly number[], first: number): void => {
  for (const [index, generation] of generations.entries()) {
    if (generation === first + index) continue;
    throw new MantaError(
      "internal",
      `${logPath(directory, first + index)} is missing: the store's newer files need it. Restore it, or move the directory away to start empty`,
    );
  }
};

/** The records are checked once, as they ended up: an older release's record gets its defaults here. */
const checked = (directory: string, raw: TableState): TableState => {
  const parsed = tablesSchema.safeParse(raw.tables());
  if (!parsed.success) {
    throw new MantaError("internal", `${directory} holds a record that this version cannot read`, {
      cause: parsed.error,
      details: { issues: parsed.error.issues.slice(0, 5) },
    });
  }
  const state = new TableState();
  state.apply({ kind: "lease", epoch: raw.epoch });
  state.apply({ kind: "putNodes", nodes: parsed.data.nodes });
  state.apply({ kind: "putActors", actors: parsed.data.actors });
  // Copies, so that one small value does not hold the whole file in memory.
  for (const entry of parsed.data.kv) {
    state.apply({ kind: "putKv", ...entry, value: Uint8Array.from(entry.value) });
  }
  if (parsed.data.routing !== null) state.apply({ kind: "putRouting", snapshot: parsed.data.routing });
  for (const event of parsed.data.events) state.apply({ kind: "appendEvent", event });
  return state;
};

const tablesSchema = z.object({
  nodes: z.array(nodeRecordSchema),
  actors: z.array(actorRecordSchema),
  kv: z.array(z.object({ namespace: z.string(), key: z.string(), value: z.instanceof(Uint8Array) })),
  routing: routingSnapshotSchema.nullable(),
  events: z.array(clusterEventSchema),
});
