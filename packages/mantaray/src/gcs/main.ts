import { fstatSync } from "node:fs";
import { loadAuthToken } from "../base/auth-token.ts";
import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { createLog, type Log } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { type ControlStore, openEmbeddedStore, openMemoryStore, openRedisStore } from "../store/index.ts";
import { parseGcsOptions, type StorageOption } from "./options.ts";
import { type RunningGcs, startGcs } from "./start-gcs.ts";

/** The control store process. Says where it serves in one JSON line on standard output. */
const run = async (log: Log): Promise<void> => {
  const { host, port, storage, sessionName, holder, advertise, spare } = parseGcsOptions(
    process.argv.slice(2),
    process.env,
  );
  const stopped = stopRequested(log);
  if (spare && !(await Promise.race([toldToBegin(), stopped]))) return;
  const token = loadAuthToken(process.env, { create: true });
  const store = await openStore(storage, log);
  let gcs: RunningGcs | undefined;
  try {
    const starting = startGcs({
      store,
      address: `tcp:${host}:${port}`,
      token,
      sessionName,
      ...(holder === "" ? {} : { holder }),
      ...(advertise === "" ? {} : { advertise }),
      clock: systemClock,
      random: systemRandom,
      log,
    });
    gcs = await Promise.race([starting, stopped]);
    // Nothing was done yet: a lease that is granted in this moment expires by itself.
    if (gcs === undefined) return;
  } catch (error) {
    await store.close();
    throw portAdvice(error, host, port);
  }
  process.stdout.write(`${JSON.stringify({ ready: true, address: gcs.address, role: gcs.role })}\n`);
  log.info({ address: gcs.address, role: gcs.role, storage: storageText(storage) }, "the control store serves");
  const failure = await Promise.race([stopped, gcs.failed]);
  // Somebody else leads: there is nothing left to do in order.
  if (failure?.code === "stale_epoch") throw failure;
  await gcs.close();
  if (failure !== undefined) throw failure;
};

const openStore = (storage: StorageOption, log: Log): Promise<ControlStore> => {
  const clock = systemClock;
  if (storage.kind === "memory") return openMemoryStore({ clock });
  if (storage.kind === "embedded") return openEmbeddedStore({ directory: storage.directory, clock, log });
  return openRedisStore({ config: storage.config, namespace: storage.namespace, clock, log });
};

const storageText = (storage: StorageOption): string => {
  if (storage.kind === "embedded") return storage.directory;
  return storage.kind === "redis" ? `${storage.config.description} (${storage.namespace})` : storage.kind;
};

/** Resolves when this process is to end: a signal, or the end of the agent that started it, seen by its pipe. */
const stopRequested = (log: Log): Promise<undefined> =>
  new Promise((resolve) => {
    const stop = (why: string) => () => {
      log.info({ why }, "stopping");
      resolve(undefined);
    };
    process.once("SIGTERM", stop("SIGTERM"));
    process.once("SIGINT", stop("SIGINT"));
    // A terminal or /dev/null says nothing about whoever started us.
    const stdin = fstatSync(0);
    if (!stdin.isFIFO() && !stdin.isSocket()) return;
    process.stdin.once("end", stop("its agent is gone")).once("error", stop("its agent is gone")).resume();
  });

/** A spare waits for the end of the control store whose place it takes. */
const toldToBegin = (): Promise<true> => new Promise((resolve) => process.stdin.once("data", () => resolve(true)));

const portAdvice = (error: unknown, host: string, port: number): MantaError => {
  const reason = MantaError.from(error);
  if (reason.code !== "already_exists") return reason;
  const advice = `port ${port} of ${host} is taken by another process: stop it (manta stop) or choose another --port`;
  return new MantaError("already_exists", advice, { cause: error });
};

const log = createLog("gcs");
try {
  await run(log);
  process.exit(0);
} catch (error) {
  log.fatal({ err: error }, "the control store ends");
  process.exit(1);
}
