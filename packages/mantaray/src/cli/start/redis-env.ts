/** The environment with what flags say of the Redis: they win over it, and nothing below sees them as arguments. */
export const redisEnv = (
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly redisUsername?: string; readonly redisPassword?: string },
): Readonly<Record<string, string | undefined>> => ({
  ...env,
  ...(flags.redisUsername === undefined ? {} : { REDIS_USERNAME: flags.redisUsername }),
  ...(flags.redisPassword === undefined ? {} : { REDIS_PASSWORD: flags.redisPassword }),
});
