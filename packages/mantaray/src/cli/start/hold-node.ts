import { MantaError } from "../../base/errors.ts";
import type { NodeHandle } from "../../node/index.ts";
import type { CliContext } from "../context.ts";

/**
 * Stays until the node ends. SIGTERM and SIGINT end it in order; an end that nobody asked for is an error,
 * so that a supervisor sees it.
 */
export const holdNode = async (
  context: CliContext,
  node: NodeHandle,
  onReady: (ready: { agentPort: number }) => void,
): Promise<void> => {
  let asked = false;
  const pass = (): void => {
    asked = true;
    node.kill("SIGTERM");
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
