import { MantaError } from "../../base/errors.ts";
import type { NodeHandle, NodeReadiness } from "../../node/index.ts";
import type { CliContext } from "../context.ts";

/**
 * Stays until the node ends. SIGTERM lets it leave in order, what it does moves to other nodes first; SIGINT ends it
 * in order at once, a second one hurries. An end that nobody asked for is an error,
 * so that a supervisor sees it.
 */
export const holdNode = async (
  context: CliContext,
  node: NodeHandle,
  onReady: (ready: NodeReadiness) => void,
): Promise<void> => {
  let asked = false;
  const pass = (signal: NodeJS.Signals): void => {
    asked = true;
    node.kill(signal);
  };
  process.on("SIGTERM", pass);
  process.on("SIGINT", pass);
  // The node's process does not keep this one alive; waiting for it does.
  const stay = setInterval(() => undefined, 2 ** 30);
  try {
    const ready = await Promise.race([node.ready, node.exited.then(() => undefined)]);
    if (ready === undefined) await node.ready;
    else onReady(ready);
    const { exitCode, signal } = await node.exited;
    if (exitCode === 0) return;
    const how = signal ?? `code ${exitCode}`;
    throw new MantaError(
      "unavailable",
      asked ? `the node did not end in order (${how})` : `the node ended unexpectedly (${how}): see ${node.logsDir}`,
    );
  } catch (error) {
    if (asked && MantaError.from(error).code === "unavailable") {
      context.warn(`manta: ${MantaError.from(error).rawMessage}`);
      return;
    }
    throw error;
  } finally {
    clearInterval(stay);
    process.off("SIGTERM", pass);
    process.off("SIGINT", pass);
  }
};
