import { killPid, startTimeOf } from "@manta/testkit";
import type { RedisServer } from "@manta/testkit/redis";
import { leaderOf } from "../cluster/leader.ts";
import { programOf } from "../cluster/node-processes.ts";
import type { FaultContext, FaultStep, StepResult } from "../types.ts";
import { pickMs, pickReplica } from "./pick.ts";
import { pause, timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

const killedForMs = 3_000;
const awayForMs = 120_000;
const slowByMs = 2_000;
const slowForMs = 15_000;
const lookMs = 50;

const onServer = ({ redis }: FaultContext): string | undefined =>
  redis?.kind === "single" ? undefined : "needs the Redis store";

const serverOf = ({ redis }: FaultContext): RedisServer => {
  if (redis?.kind !== "single") throw new Error("the run has no single Redis server");
  return redis.server;
};

/** SIGKILL to Redis, back with its data after three seconds. */
export const redisKill: FaultStep = {
  name: "redis-kill",
  title: "Redis, SIGKILL, back after 3 s",
  seconds: 15,
  unable: onServer,
  run: (context) => away(context, killedForMs),
};

/** Redis away for two minutes; in the middle of it a replica dies. */
export const redisAway: FaultStep = {
  name: "redis-away",
  title: "Redis away for 2 minutes, a replica killed meanwhile",
  seconds: 135,
  once: true,
  unable: onServer,
  run: (context) =>
    away(context, awayForMs, async () => {
      await pause(pickMs(context, 5_000, 20_000));
      const victim = await pickReplica(context);
      context.casualties.replica(victim.pid);
      killPid(victim.pid);
      const startedMs = performance.now();
      await until(
        "the replica replaced while Redis is away",
        async () => (await pidsOf(context, victim.deployment)).every((pid) => pid !== victim.pid),
        awayForMs,
      ).catch(() => undefined);
      const tookMs = Math.round(performance.now() - startedMs);
      return `${victim.deployment} on ${victim.node?.name} killed meanwhile, out of the list after ${tookMs} ms`;
    }),
};

const away = async (
  context: FaultContext,
  forMs: number,
  meanwhile: () => Promise<string> = async () => "",
): Promise<StepResult> => {
  const server = serverOf(context);
  const pids = await processesOf(context);
  await server.kill();
  const note = await Promise.all([pause(forMs), meanwhile()]).then(([, said]) => said);
  const leader = await leaderOf(context.cluster);
  await server.restart();
  const resumedMs = await timed(() => until("the store in use again", () => storeInUse(context), 60_000, lookMs));
  const recoveryMs = resumedMs + (await timed(() => untilWhole(context)));
  const ended = pids.filter(([pid, start]) => startTimeOf(pid) !== start).length;
  return {
    recoveryMs,
    measured: [{ bar: "storeResumed", value: resumedMs }],
    notes: [
      `led while Redis was away: ${leader?.node.name ?? "nobody"}; store in use again ${resumedMs} ms after Redis was back`,
      ...(ended > 0 ? [`${ended} processes of the heads ended meanwhile`] : []),
      ...(note === "" ? [] : [note]),
    ],
  };
};

/** FLUSHALL; then the control store is killed, which shows whether it had written everything again. */
export const redisFlush: FaultStep = {
  name: "redis-flush",
  title: "Redis, FLUSHALL; then control store, SIGKILL",
  seconds: 20,
  unable: onServer,
  run: async (context) => {
    const { cluster, tempDir } = context;
    const server = serverOf(context);
    const before = await untilWhole(context);
    await server.flush();
    const rewrittenMs = await timed(async () => {
      await until("the tables written again", async () => Number(await server.command("DBSIZE")) > 1, 30_000, lookMs);
      await until("the store in use", () => storeInUse(context), 30_000, lookMs);
    });
    const leader = await until("a leader", () => leaderOf(cluster));
    killPid(programOf(tempDir, leader.node, "gcs"));
    const recoveryMs = await timed(async () => {
      await until("a leader again", async () => ((await leaderOf(cluster))?.epoch ?? 0) > leader.epoch, 30_000, lookMs);
      await untilWhole(context);
    });
    const after = new Set(await untilWhole(context));
    const replaced = before.filter((pid) => !after.has(pid)).length;
    return {
      recoveryMs: recoveryMs + rewrittenMs,
      measured: [{ bar: "notAdopted", value: replaced }],
      notes: [`tables back after ${rewrittenMs} ms; ${replaced} of ${before.length} replicas replaced`],
    };
  },
};

/** Every answer of Redis comes two seconds late for a while. */
export const redisSlow: FaultStep = {
  name: "redis-slow",
  title: "Redis slow by 2 s for 15 s",
  seconds: 25,
  unable: onServer,
  run: async (context) => {
    const server = serverOf(context);
    server.slow(slowByMs);
    try {
      await pause(slowForMs);
    } finally {
      server.slow(0);
    }
    const resumedMs = await timed(() => until("the store in use again", () => storeInUse(context), 60_000, lookMs));
    const recoveryMs = resumedMs + (await timed(() => untilWhole(context)));
    return { recoveryMs, measured: [{ bar: "storeResumed", value: resumedMs }] };
  },
};

/** SIGKILL to the primary; the sentinels make another one. The dead one comes back as a replica. */
export const redisFailover: FaultStep = {
  name: "redis-failover",
  title: "Redis primary, SIGKILL, failover by sentinels",
  seconds: 25,
  on: "sentinels",
  run: async (context) => {
    const { redis } = context;
    if (redis?.kind !== "sentinels") throw new Error("the run has no sentinels");
    const old = await redis.sentinels.primary();
    const electedMs = await timed(() => redis.sentinels.failover());
    const resumedMs = await timed(() => until("the store in use again", () => storeInUse(context), 60_000, lookMs));
    const recoveryMs = electedMs + resumedMs + (await timed(() => untilWhole(context)));
    await old.restart();
    return {
      recoveryMs,
      measured: [{ bar: "storeResumed", value: resumedMs }],
      notes: [`the sentinels took ${electedMs} ms; store in use again ${resumedMs} ms later`],
    };
  },
};

const storeInUse = async ({ cluster }: FaultContext): Promise<boolean> =>
  (await leaderOf(cluster))?.storeAvailable === true;

const pidsOf = async ({ state }: FaultContext, deployment: string): Promise<readonly number[]> =>
  (await state.actors(`ServeReplica:${deployment}`)).map((actor) => actor.pid);

/** Control stores of all heads, with their start times. */
const processesOf = async ({ cluster, tempDir }: FaultContext): Promise<readonly [number, string | undefined][]> =>
  cluster.heads.map((head) => {
    const pid = programOf(tempDir, head, "gcs");
    return [pid, startTimeOf(pid)];
  });
