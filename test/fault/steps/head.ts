import { killPid, startTimeOf } from "@manta/testkit";
import { leaderOf, type StoreView, storeViews } from "../cluster/leader.ts";
import { signalNode } from "../cluster/node-processes.ts";
import type { Measurement } from "../score/bars.ts";
import type { FaultContext, FaultStep, StepResult } from "../types.ts";
import { pause, wallMs } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

/** Traffic before a failover that its latency is held against, and at least so long from the failover on. */
const calmMs = 10_000;
const stoppedMs = 10_000;
/** Each look dials both heads: more often, it would show in the latency that is measured. */
const lookMs = 100;

/** SIGKILL to every process of the leading head at once, as when its machine loses its power. */
export const headKill: FaultStep = {
  name: "head-kill",
  title: "head, SIGKILL to all of it",
  seconds: 40,
  run: (context) =>
    failOver(context, async (before) => {
      await context.casualties.node(before.node);
      holdWithStandby(context, before);
      await before.node.killAll();
    }),
};

/** SIGTERM to the leading head's agent: it leaves in order, and gives its lease back. */
export const headTerm: FaultStep = {
  name: "head-term",
  title: "head, SIGTERM",
  seconds: 40,
  run: (context) =>
    failOver(context, async (before) => {
      holdWithStandby(context, before);
      before.node.terminate();
    }),
};

/** SIGSTOP to every process of the leading head for ten seconds, then SIGCONT: it must find that it leads no more. */
export const headStop: FaultStep = {
  name: "head-stop",
  title: "head, SIGSTOP 10 s, SIGCONT",
  seconds: 50,
  unable: ({ cluster }) => (cluster.heads.length > 1 ? undefined : "needs a standby head"),
  run: async (context) => {
    const result = await failOver(context, (before) => stopAWhile(context, before));
    // Whoever was connected to the stopped proxy waited for it: that says nothing about the others.
    const measured = result.measured?.filter(({ bar }) => bar !== "failoverLatency") ?? [];
    return { ...result, measured };
  },
};

/** A machine that is lost is not back at once; its start would be on the same cores as the traffic that is measured. */
const holdWithStandby = ({ cluster }: FaultContext, { node }: StoreView): void => {
  if (cluster.heads.length > 1) node.hold();
};

const stopAWhile = async (context: FaultContext, before: StoreView): Promise<void> => {
  // Whoever talks to a stopped proxy waits; its connections may be given up.
  await context.casualties.node(before.node);
  const pids = signalNode(context.tempDir, before.node, "SIGSTOP");
  setTimeout(() => {
    for (const pid of pids) killPid(pid, "SIGCONT");
  }, stoppedMs);
};

/** Does the fault, sees who leads next and when, and what it did to the workers and to the traffic. */
const failOver = async (context: FaultContext, fault: (before: StoreView) => Promise<void>): Promise<StepResult> => {
  const { cluster, state, traffic } = context;
  await pause(calmMs);
  const pids = [...(await untilWhole(context)), ...(await workerProxies(context))];
  const starts = new Map(pids.map((pid) => [pid, startTimeOf(pid)]));
  const before = await until("a leader", () => leaderOf(cluster));
  const faultMs = wallMs();
  const startedMs = performance.now();
  await fault(before);
  const hasStandby = cluster.heads.length > 1;
  const leadersMax = await until("a new leader", () => newLeader(context, before), 60_000, lookMs);
  const failoverMs = performance.now() - startedMs;
  await until("a controller on the leading head", async () => {
    const leader = await leaderOf(cluster);
    const [controller] = await state.actors("ServeController");
    return controller?.node_id !== undefined && controller.node_id === leader?.node.nodeId;
  });
  const recoveryMs = Math.round(performance.now() - startedMs);
  await pause(Math.max(0, calmMs - recoveryMs));
  const calm = await traffic.latencies(faultMs - calmMs, faultMs - 1_000);
  const during = await traffic.latencies(faultMs, Math.max(faultMs + calmMs, faultMs + recoveryMs));
  const bySecond = await p99BySecond(context, faultMs, calmMs / 1_000);
  before.node.release();
  const adopted = new Set([...(await untilWhole(context, 90_000)), ...(await workerProxies(context))]);
  const restarted = pids.filter((pid) => startTimeOf(pid) !== starts.get(pid)).length;
  const measured: Measurement[] = [
    { bar: "restartedByHead", value: restarted },
    { bar: "notAdopted", value: pids.filter((pid) => !adopted.has(pid)).length },
    { bar: "staleHead", value: leadersMax },
  ];
  if (hasStandby) {
    measured.push({ bar: "failover", value: Math.round(failoverMs) });
    measured.push({ bar: "failoverLatency", value: during.p99Ms / calm.p99Ms });
  }
  const notes = [
    `${before.node.name} led; another leads after ${Math.round(failoverMs)} ms`,
    `open loop p99 ${calm.p99Ms} ms before (n=${calm.count}), ${during.p99Ms} ms during (n=${during.count}); p50 ${calm.p50Ms} and ${during.p50Ms} ms`,
    `p99 of each second from the fault's on: ${bySecond.join(" ")} ms`,
  ];
  return { recoveryMs, measured, notes };
};

const p99BySecond = async ({ traffic }: FaultContext, fromMs: number, seconds: number): Promise<number[]> => {
  const starts = Array.from({ length: seconds }, (_, second) => fromMs + second * 1_000);
  return Promise.all(starts.map(async (startMs) => (await traffic.latencies(startMs, startMs)).p99Ms));
};

/** How many lead, once one leads with a newer epoch. */
const newLeader = async ({ cluster }: FaultContext, before: StoreView): Promise<number | false> => {
  const leaders = (await storeViews(cluster, 300)).filter(({ role }) => role === "leader");
  return leaders.some(({ epoch }) => epoch > before.epoch) && leaders.length;
};

const workerProxies = async ({ cluster, state }: FaultContext): Promise<number[]> => {
  const workers = new Set(cluster.workers.map((worker) => worker.nodeId));
  return (await state.actors("HTTPProxyActor"))
    .filter((actor) => workers.has(actor.node_id ?? undefined))
    .map((actor) => actor.pid);
};
