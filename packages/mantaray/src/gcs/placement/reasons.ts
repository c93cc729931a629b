import type { Placement, Resources } from "../../protocol/actor.ts";
import { gcsLimits } from "../limits.ts";
import type { NodeLoad } from "./node-load.ts";
import { fits, formatAmount, formatResources } from "./resources.ts";

/** No alive node is one the actor is pinned to. */
export const pinReason = ({ nodeId, onHead }: Placement, alive: number): string => {
  if (alive === 0) return "no node is alive";
  if (nodeId !== undefined) return `node ${nodeId} is not alive${onHead ? " or not the head" : ""}`;
  return "the head is not alive";
};

/** The nodes are there but take nothing at present. */
export const unusableReason = (loads: readonly NodeLoad[]): string => {
  const draining = loads.filter(({ node }) => node.draining).length;
  const many = loads.length === 1 ? `node ${loads[0]?.node.label}` : `each of ${loads.length} nodes`;
  if (draining === loads.length) return `${many} drains`;
  return draining === 0 ? `${many} is not reachable at the moment` : `${many} drains or is not reachable at the moment`;
};

/** Every node has its share of the group. */
export const groupReason = (loads: readonly NodeLoad[], group: string, perNodeMax: number): string => {
  const many = loads.length === 1 ? `node ${loads[0]?.node.label}` : `each of ${loads.length} nodes`;
  return `${many} already has ${perNodeMax} of group ${group}`;
};

/** `no node has CPU: 2 free (127.0.0.2: CPU 1 of 4, …)`: only the resources that are short somewhere. */
export const resourceReason = (loads: readonly NodeLoad[], demand: Resources): string => {
  const short = Object.keys(demand).filter((name) => loads.some((load) => isShort(load, name, demand[name] ?? 0)));
  const shown = loads.slice(0, gcsLimits.reasonNodesMax).map(({ node, used }) => {
    const free = short.map((name) => {
      const total = node.resources[name] ?? 0;
      return `${name} ${formatAmount(Math.max(0, total - (used[name] ?? 0)))} of ${formatAmount(total)}`;
    });
    return `${node.label}: ${free.join(", ")}`;
  });
  const more = loads.length > shown.length ? [`${loads.length - shown.length} more`] : [];
  const asked = Object.fromEntries(short.map((name) => [name, demand[name] ?? 0]));
  return `no node has ${formatResources(asked)} free (${[...shown, ...more].join("; ")})`;
};

const isShort = ({ node, used }: NodeLoad, name: string, amount: number): boolean =>
  !fits({ [name]: amount }, used, node.resources);
