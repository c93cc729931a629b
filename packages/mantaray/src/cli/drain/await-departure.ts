import type { Cluster } from "../../actor/index.ts";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { sleep } from "../../base/wait.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { cliLimits } from "../limits.ts";

/**
 * Waits until a draining node has left, and tells each change of what still lives there. A control store that
 * does not answer for a while is waited for: it may be the one that leaves. `deadline_exceeded` when the node is
 * still there after its deadline and some time for its farewell.
 */
export const awaitDeparture = async (
  cluster: Cluster,
  node: NodeRecord,
  how: { readonly timeoutMs: number; readonly clock: Clock; readonly say: (line: string) => void },
): Promise<void> => {
  const { clock, say, timeoutMs } = how;
  const endMs = clock.nowMs() + timeoutMs + cliLimits.drainSlackMs;
  let said = "";
  for (;;) {
    const look = await lookAt(cluster, node).catch(() => undefined);
    if (look?.gone === true) return;
    const line = look === undefined ? "The control store does not answer; waiting for it." : stillThere(look.actors);
    if (line !== said) say(line);
    said = line;
    if (clock.nowMs() >= endMs) {
      throw new MantaError(
        "deadline_exceeded",
        `node ${node.ip} (${node.nodeId.slice(0, 8)}) has not left ${Math.round(timeoutMs / 1000)} s after it was told to`,
      );
    }
    await sleep(clock, cliLimits.drainLookMs);
  }
};

interface Look {
  readonly gone: boolean;
  /** By class. */
  readonly actors: ReadonlyMap<string, number>;
}

const lookAt = async ({ gcs }: Cluster, { nodeId }: NodeRecord): Promise<Look> => {
  const options = { timeoutMs: cliLimits.drainCallTimeoutMs };
  const [{ nodes }, { actors }] = await Promise.all([
    gcs.listNodes({}, options),
    gcs.listActors({ states: ["ALIVE"] }, options),
  ]);
  const counts = new Map<string, number>();
  for (const { nodeId: home, spec } of actors) {
    if (home === nodeId) counts.set(spec.className, (counts.get(spec.className) ?? 0) + 1);
  }
  return { gone: nodes.find((node) => node.nodeId === nodeId)?.state !== "ALIVE", actors: counts };
};

const stillThere = (actors: ReadonlyMap<string, number>): string => {
  if (actors.size === 0) return "Nothing is left there; it says good-bye.";
  return `Still there: ${[...actors].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(", ")}.`;
};
