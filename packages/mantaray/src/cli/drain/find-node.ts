import { MantaError } from "../../base/errors.ts";
import type { NodeRecord } from "../../protocol/node.ts";

/**
 * The live node that a person means: by the beginning of its id, its ip or its name. `not_found` lists those that
 * there are; `invalid_argument` where the word fits several.
 */
export const findNode = (nodes: readonly NodeRecord[], word: string): NodeRecord => {
  const alive = nodes.filter(({ state }) => state === "ALIVE");
  const exact = alive.filter(({ nodeId, ip }) => nodeId === word || ip === word);
  const fitting =
    exact.length > 0 ? exact : alive.filter(({ nodeId, name }) => name === word || nodeId.startsWith(word));
  const [found, ...others] = fitting;
  if (found === undefined) {
    throw new MantaError("not_found", `no live node is called ${JSON.stringify(word)}; there are ${listed(alive)}`);
  }
  if (others.length > 0) {
    throw new MantaError("invalid_argument", `${JSON.stringify(word)} may be any of ${listed(fitting)}`);
  }
  return found;
};

/** Whether another node's control store could lead when this one's goes. */
export const hasStandby = (nodes: readonly NodeRecord[], head: NodeRecord): boolean =>
  nodes.some(({ state, nodeId, gcsAddress }) => state === "ALIVE" && nodeId !== head.nodeId && gcsAddress !== "");

const listed = (nodes: readonly NodeRecord[]): string =>
  nodes.length === 0 ? "none" : nodes.map(({ nodeId, ip }) => `${ip} (${nodeId.slice(0, 8)})`).join(", ");
