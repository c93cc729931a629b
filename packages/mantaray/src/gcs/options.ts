import { parseArgs } from "node:util";
import { z } from "zod";
import { MantaError } from "../base/errors.ts";
import { type RedisConfig, redisConfig, redisNamespace } from "../store/redis/config.ts";

/** Where the tables are kept. */
export type StorageOption =
  | { readonly kind: "memory" }
  | { readonly kind: "embedded"; readonly directory: string }
  | { readonly kind: "redis"; readonly config: RedisConfig; readonly namespace: string };

/** Resolved options of the control store process. */
export interface GcsProcessOptions {
  readonly host: string;
  readonly port: number;
  readonly storage: StorageOption;
  readonly sessionName: string;
  /** Names who holds the lease: the node, so that a control store that restarts in place has it again at once. Empty: this process. */
  readonly holder: string;
  /** Where others dial this control store, `tcp:host:port`; empty: where it listens. */
  readonly advertise: string;
  /** Loads everything and begins once it is told a line on standard input. */
  readonly spare: boolean;
}

/**
 * `--host` (127.0.0.1) `--port` (6379, 0 for any) `--storage memory|embedded:<dir>|redis` (memory, or
 * `RAY_gcs_storage_path`; `redis`: the one that `RAY_REDIS_ADDRESS` names, whose secrets belong into no argument)
 * `--session-name` `--holder` (the node's id) `--advertise` (`tcp:host:port`) `--spare true`.
 * `invalid_argument` names the option and the rule.
 */
export const parseGcsOptions = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): GcsProcessOptions => {
  const { values } = parse(args);
  const port = portSchema.safeParse(values.port ?? "6379");
  if (!port.success) {
    throw new MantaError(
      "invalid_argument",
      `--port: must be a number from 0 to 65535, got ${JSON.stringify(values.port)}`,
    );
  }
  const storagePath = env.RAY_gcs_storage_path;
  const storage = values.storage ?? (storagePath === undefined ? "memory" : `embedded:${storagePath}`);
  return {
    host: values.host ?? "127.0.0.1",
    port: port.data,
    storage: parseStorage(storage, env),
    sessionName: values["session-name"] ?? `session_${process.pid}`,
    holder: values.holder ?? "",
    advertise: values.advertise ?? "",
    spare: values.spare === "true",
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: "string" },
        port: { type: "string" },
        storage: { type: "string" },
        "session-name": { type: "string" },
        holder: { type: "string" },
        advertise: { type: "string" },
        spare: { type: "string" },
      },
    });
  } catch (error) {
    throw new MantaError("invalid_argument", (error as Error).message, { cause: error });
  }
};

const portSchema = z.string().regex(/^\d+$/).transform(Number).pipe(z.number().max(65_535));

const parseStorage = (text: string, env: Readonly<Record<string, string | undefined>>): StorageOption => {
  if (text === "memory") return { kind: "memory" };
  if (text === "redis") return { kind: "redis", config: redisConfig(env), namespace: redisNamespace(env) };
  const directory = /^embedded:(.+)$/.exec(text)?.[1];
  if (directory !== undefined) return { kind: "embedded", directory };
  throw new MantaError(
    "invalid_argument",
    `--storage: must be "memory", "embedded:<directory>" or "redis", got ${JSON.stringify(text)}`,
  );
};
