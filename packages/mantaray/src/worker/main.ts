/**
 * A worker's process: ties itself to its node agent, waits for the one actor it will host, and leaves when
 * told or when the agent has died. An error that nobody catches, ours or the actor's, ends the process
 * with code 1, as is Node's default: an actor in an undefined state must not go on serving.
 */
import { loadAuthToken } from "../base/auth-token.ts";
import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { createLog } from "../base/log.ts";
import { nodeLocalService, workerService } from "../protocol/worker.ts";
import { type WorkerBoot, workerBootSchema, workerBootVariable } from "../protocol/worker-boot.ts";
import { createClient, dial, serveService } from "../rpc/index.ts";
import type { ActorHostDeps } from "./actor-host.ts";
import { AgentChannel } from "./agent-channel.ts";
import { workerLimits } from "./limits.ts";
import { preloadActorModules } from "./preload.ts";
import { Worker } from "./worker.ts";

/** What the process was told at its start; taken out of the environment, which user code sees. */
const takeBoot = (): WorkerBoot => {
  const text = process.env[workerBootVariable];
  delete process.env[workerBootVariable];
  delete process.env.NODE_COMPILE_CACHE;
  if (text === undefined)
    throw new MantaError("invalid_argument", `${workerBootVariable} must be set: workers are started by a node agent`);
  return workerBootSchema.parse(JSON.parse(text));
};

/** We lead a process group of our own; not so when started by hand. */
const exitWithGroup = (): never => {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // No group of ours: only ourselves to end.
  }
  return process.exit(1);
};

const main = async (): Promise<void> => {
  const boot = takeBoot();
  const channel = AgentChannel.take();
  process.title = "ray::IDLE";
  const log = createLog("worker", { workerId: boot.workerId.slice(0, 8) });
  const token = loadAuthToken(process.env, { create: false });
  const host = Promise.withResolvers<Omit<ActorHostDeps, "onFail">>();
  const worker = new Worker({
    log,
    clock: systemClock,
    departure: { exit: (exitCode) => process.exit(exitCode), exitWithGroup },
    host: () => host.promise,
  });
  process.on("SIGTERM", () => void worker.leave(worker.graceMs, "SIGTERM", 0));
  // A terminal's Ctrl-C goes to everybody at once: the agent decides who leaves when.
  process.on("SIGINT", () => undefined);
  const orphaned = (): void => void worker.leaveOrphaned(workerLimits.orphanGraceMs);
  // The agent holds the other end, and death itself closes it: seen even before the link is there.
  process.stdin.resume().once("end", orphaned).once("error", orphaned);
  const link = await dial(boot.agentAddress, {
    token,
    identity: { role: "worker", id: boot.workerId },
    timeoutMs: workerLimits.agentDialTimeoutMs,
    log,
    setup: (opened) => serveService(opened, workerService, worker.service),
  });
  link.onClose(orphaned);
  const agent = createClient(link, nodeLocalService);
  const node = await agent.registerWorker({ workerId: boot.workerId, pid: process.pid });
  const { workerId, listenAddress } = boot;
  host.resolve({ workerId, ...node, token, listenAddress, agent, channel, log });
  preloadActorModules({ log, mayControl: boot.mayControl, wanted: () => worker.idle });
};

try {
  await main();
} catch (error) {
  createLog("worker").error({ err: error }, "the worker cannot start");
  exitWithGroup();
}
