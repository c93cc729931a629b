import { readFileSync } from "node:fs";
import { killPid } from "@manta/testkit";
import type { LocalNode } from "mantaray/testing";
import { processesOf } from "../cluster/node-processes.ts";
import type { Measurement } from "../score/bars.ts";
import type { FaultContext, FaultStep } from "../types.ts";
import { pick, pickMs } from "./pick.ts";
import { pause, timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

const awayMs = 120_000;
const kills = 4;
const lookMs = 25;
const ticksPerSecond = 100;

/**
 * No head exists for two minutes, and its successor may not start. Meanwhile replicas and proxies of the workers are
 * killed: their agents start them again. Then a head comes back and adopts everything.
 */
export const headAway: FaultStep = {
  name: "head-away",
  title: "no head for 2 minutes, replicas and proxies killed meanwhile",
  seconds: 145,
  once: true,
  run: async (context) => {
    const { cluster } = context;
    const measured: Measurement[] = [];
    const notes: string[] = [];
    for (const head of cluster.heads) {
      await context.casualties.node(head);
      head.hold();
    }
    await Promise.all(cluster.heads.map((head) => head.killAll()));
    const endMs = performance.now() + awayMs;
    try {
      for (let done = 0; done < kills; done += 1) {
        await pause(pickMs(context, 5_000, awayMs / kills - 10_000));
        const worker = pick(context, cluster.workers, "worker");
        if (done % 2 === 0) await killReplica(context, worker, measured, notes);
        else await killProxy(context, worker, notes);
      }
      await pause(Math.max(0, endMs - performance.now()));
    } finally {
      for (const head of cluster.heads) head.release();
    }
    const recoveryMs = await timed(() => untilWhole(context, 90_000));
    return { recoveryMs, measured, notes };
  },
};

/** One of the deployment that tells its pid, so that the repair shows in an answer. */
const killReplica = async (
  context: FaultContext,
  worker: LocalNode,
  measured: Measurement[],
  notes: string[],
): Promise<void> => {
  const url = `http://${context.cluster.proxyOf(worker)}/pid`;
  const known = new Set(await pidsBehind(url));
  const local = new Set(processesOf(context.tempDir, worker).map(({ pid }) => pid));
  const victim = pick(
    context,
    [...known].filter((pid) => local.has(pid)),
    `replica of Pid on ${worker.name}`,
  );
  context.casualties.replica(victim);
  killPid(victim);
  const killedMs = performance.timeOrigin + performance.now();
  const found = await until(
    `a new replica of Pid on ${worker.name}`,
    async () => (await pidsBehind(url, 4)).find((pid) => !known.has(pid)),
    30_000,
    lookMs,
  );
  const backMs = performance.timeOrigin + performance.now() - killedMs;
  // A process that was started for it has its own start to do, which is the application's; one from the pool has not.
  const bornMs = startWallMs(found) - killedMs;
  const repairMs = Math.round(bornMs > 0 ? Math.min(bornMs, backMs) : backMs);
  measured.push({ bar: "headlessRepair", value: repairMs });
  notes.push(
    `Pid on ${worker.name} killed: first answer of the new one after ${Math.round(backMs)} ms, ${repairMs} ms without its start`,
  );
};

const killProxy = async (context: FaultContext, worker: LocalNode, notes: string[]): Promise<void> => {
  await context.casualties.learn();
  context.casualties.proxy(worker);
  const url = `http://${context.cluster.proxyOf(worker)}/-/healthz`;
  const pid = proxyPidOf(context.tempDir, worker);
  killPid(pid);
  const backMs = await timed(() =>
    until(
      `the proxy of ${worker.name}`,
      async () =>
        proxyPidOf(context.tempDir, worker) !== pid && (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok,
      30_000,
      lookMs,
    ),
  );
  notes.push(`proxy of ${worker.name} killed: healthy again after ${backMs} ms`);
};

/** The actor's process by its title. Throws while there is none. */
const proxyPidOf = (tempDir: string, node: LocalNode): number => {
  const found = processesOf(tempDir, node).find(({ pid }) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("ray::HTTPProxyActor"),
  );
  if (found === undefined) throw new Error(`${node.name} has no proxy`);
  return found.pid;
};

/** Who answers, asked on several connections at once. */
const pidsBehind = async (url: string, count = 24): Promise<readonly number[]> => {
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return ((await response.json()) as { pid: number }).pid;
    }),
  );
  return [...new Set(answers)];
};

/** When a process was started, wall clock. */
const startWallMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  const uptimeMs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
  return performance.timeOrigin + performance.now() - uptimeMs + (ticks * 1000) / ticksPerSecond;
};
