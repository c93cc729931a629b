/** The node agent's process: reads what it is to be, wires the agent, and maps signals to its life. */
import { closeSync, writeSync } from "node:fs";
import { loadAuthToken } from "../base/auth-token.ts";
import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { createLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { NodeAgent } from "./agent.ts";
import { type NodeReady, nodeOptionsVariable, readyFd } from "./node-boot.ts";
import { resolvedNodeOptionsSchema } from "./options.ts";

const takeOptions = (): ReturnType<typeof resolvedNodeOptionsSchema.parse> => {
  const text = process.env[nodeOptionsVariable];
  if (text === undefined)
    throw new MantaError("invalid_argument", `${nodeOptionsVariable} must hold the node's options`);
  // Not for the children.
  delete process.env[nodeOptionsVariable];
  return resolvedNodeOptionsSchema.parse(JSON.parse(text));
};

/** Tells whoever started us, once; nobody may be there to hear it. */
const tellStarter = (message: NodeReady): void => {
  try {
    writeSync(readyFd, `${JSON.stringify(message)}\n`);
    closeSync(readyFd);
  } catch {
    // Started by hand, or the starter has gone.
  }
};

const main = async (): Promise<void> => {
  const options = takeOptions();
  const log = createLog("agent", { nodeId: options.nodeId.slice(0, 8) });
  const impatience = new AbortController();
  let stopSignals = 0;
  let exitCode = 0;
  const agent = new NodeAgent({
    options,
    token: loadAuthToken(process.env, { create: options.head }),
    env: process.env,
    clock: systemClock,
    random: systemRandom,
    log,
    onGivenUp: () => {
      exitCode = 1;
      stop("the control store stayed away");
    },
    onDrainOrdered: (reason, timeoutMs) => leave(reason, timeoutMs),
  });
  const exitAfter = (end: Promise<void>): void => {
    end.then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.error({ err: error }, "the node could not stop in order");
        process.exit(1);
      },
    );
  };
  /** In order, and at once: nothing is moved to other nodes first. */
  const stop = (reason: string): void => exitAfter(agent.stop(reason, impatience.signal));
  const leave = (reason: string, timeoutMs: number): void =>
    exitAfter(agent.leave(reason, timeoutMs, impatience.signal));
  const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
    stopSignals += 1;
    if (stopSignals > 1) {
      exitCode = signal === "SIGINT" ? 130 : 143;
      impatience.abort();
    }
    // A person at a terminal ends everything; whoever ends one node of many says SIGTERM.
    if (signal === "SIGINT" || options.drainTimeoutMs === 0) stop(signal);
    else leave(signal, options.drainTimeoutMs);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  if (options.endWithStdin) process.stdin.resume().once("end", () => stop("the starter has gone"));
  try {
    const endpoints = await agent.start();
    await agent.registration.first;
    tellStarter({ kind: "ready", agentPort: endpoints.agentPort, ...agent.leadership });
  } catch (error) {
    log.error({ err: error }, "the node cannot start");
    tellStarter({ kind: "failed", error: MantaError.from(error).toWire() });
    exitCode = 1;
    impatience.abort();
    stop("the start failed");
  }
};

await main();
