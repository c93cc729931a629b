import { Command } from "commander";
import { MantaError } from "../../base/errors.ts";
import { redisConfig, redisNamespace, removeRedisNamespace } from "../../store/index.ts";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { redisEnv } from "../start/redis-env.ts";

interface CleanupOptions {
  readonly redisAddress?: string;
  readonly redisUsername?: string;
  readonly redisPassword?: string;
  readonly namespace?: string;
  readonly force: boolean;
}

/** `manta redis-cleanup`: what the reference's clean-up job does when a cluster is deleted. */
export const command = (context: CliContext): Command =>
  new Command("redis-cleanup")
    .description("remove what a cluster has stored in Redis, once the cluster is gone")
    .option("--redis-address <address>", "where (default: RAY_REDIS_ADDRESS)")
    .option("--redis-username <name>", "user (default: REDIS_USERNAME)")
    .option("--redis-password <secret>", "its password; better in REDIS_PASSWORD, which no process list shows")
    .option("--namespace <name>", 'whose data (default: RAY_external_storage_namespace, else "default")')
    .option("--force", "also while a control store leads there, which then writes everything anew", false)
    .addHelpText(
      "after",
      "\nExample:\n  RAY_REDIS_ADDRESS=redis.internal:6379 manta redis-cleanup --namespace blue\n\n" +
        "Exit codes: 0 removed, or there was nothing; 1 Redis is away or a control store leads there; 2 wrong usage.",
    )
    .action((options: CleanupOptions) => run(context, options));

const run = async (context: CliContext, options: CleanupOptions): Promise<void> => {
  const env = {
    ...redisEnv(context.env, options),
    ...(options.redisAddress === undefined ? {} : { RAY_REDIS_ADDRESS: options.redisAddress }),
    ...(options.namespace === undefined ? {} : { RAY_external_storage_namespace: options.namespace }),
  };
  const config = redisConfig(env);
  const namespace = redisNamespace(env);
  const { clock } = context;
  const removed = await removeRedisNamespace({ config, namespace, clock, force: options.force, waitMs: waitMs(env) });
  const where = `namespace "${namespace}" in ${config.description}`;
  if (removed.length === 0) context.print(`There is nothing of ${where}.\n`);
  else {
    const lines = removed.map(({ key, entries }) => `  ${key} (${entries} ${entries === 1 ? "entry" : "entries"})\n`);
    context.print(`Removed ${where}:\n${lines.join("")}`);
  }
};

/** The reference's variables, which its clean-up job sets: so many attempts to connect with so long a wait between. */
const waitMs = (env: Readonly<Record<string, string | undefined>>): number => {
  const retries = env.RAY_redis_db_connect_retries;
  if (retries === undefined) return cliLimits.redisWaitMs;
  const pause = env.RAY_redis_db_connect_wait_milliseconds ?? "100";
  const totalMs = Number(retries) * Number(pause);
  if (/^\d+$/.test(retries) && /^\d+$/.test(pause)) return Math.min(totalMs, cliLimits.redisWaitMsMax);
  throw new MantaError(
    "invalid_argument",
    `RAY_redis_db_connect_retries and RAY_redis_db_connect_wait_milliseconds must be whole numbers, got ${JSON.stringify([retries, pause])}`,
    { details: { option: "RAY_redis_db_connect_retries" } },
  );
};
