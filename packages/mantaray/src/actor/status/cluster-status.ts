import type { ActorRecord } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { actorLimits } from "../limits.ts";
import { formatDemand, formatUsage } from "./resource-text.ts";

type Amounts = Readonly<Record<string, number>>;

/** What a status report is made of. */
export interface ClusterStatus {
  readonly nodes: readonly NodeRecord[];
  readonly actors: readonly ActorRecord[];
  /** By node id. */
  readonly usage: Readonly<Record<string, Amounts>>;
  /** Resources that actors wait for. */
  readonly pending: readonly Amounts[];
}

/** How a status report is printed. */
export interface StatusTextOptions {
  /** Local time as the header shows it. */
  readonly timestamp: string;
  readonly nowMs: number;
  readonly verbose: boolean;
}

/** The report of `status`, line for line in the reference's layout (section 3.2). */
export const clusterStatusText = (status: ClusterStatus, options: StatusTextOptions): string => {
  const header = `======== Autoscaler status: ${options.timestamp} ========`;
  const rule = "-".repeat(header.length);
  const total = options.verbose ? "Total " : "";
  return [
    header,
    "Node status",
    rule,
    ...nodeSection(status, options),
    "",
    "Resources",
    rule,
    `${total}Usage:`,
    ...indent(usageLines(status)),
    "",
    `${total}Demands:`,
    ...indent(demandLines(status.pending)),
    ...(options.verbose ? perNodeSection(status) : []),
  ].join("\n");
};

/** Everything free on all living nodes together, and how much of it is used. */
export const clusterTotals = (status: ClusterStatus): { readonly total: Amounts; readonly used: Amounts } => {
  const alive = status.nodes.filter((node) => node.state === "ALIVE");
  return {
    total: sum(alive.map((node) => node.resources)),
    used: sum(alive.map((node) => status.usage[node.nodeId] ?? {})),
  };
};

const nodeSection = (status: ClusterStatus, options: StatusTextOptions): readonly string[] => {
  const alive = status.nodes.filter((node) => node.state === "ALIVE");
  const busy = new Set(status.actors.filter((actor) => actor.state !== "DEAD").map((actor) => actor.nodeId));
  const active = alive.filter((node) => busy.has(node.nodeId));
  const idle = alive.filter((node) => !busy.has(node.nodeId));
  const failed = status.nodes.filter(
    (node) => node.state === "DEAD" && options.nowMs - (node.endMs ?? 0) < actorLimits.recentFailureMs,
  );
  return [
    "Active:",
    ...indent(countByType(active, "(no active nodes)")),
    "Idle:",
    ...indent(countByType(idle, "(no idle nodes)")),
    "Pending:",
    ...indent(["(no pending nodes)"]),
    "Recent failures:",
    ...indent(
      failed.length === 0
        ? ["(no failures)"]
        : failed.map((node) => `${nodeType(node)}: NodeTerminated (ip: ${node.ip})`),
    ),
  ];
};

const countByType = (nodes: readonly NodeRecord[], none: string): readonly string[] => {
  if (nodes.length === 0) return [none];
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(nodeType(node), (counts.get(nodeType(node)) ?? 0) + 1);
  return [...counts].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([type, count]) => `${count} ${type}`);
};

/** Its group where one is named, as KubeRay's labels do; else the node itself. */
const nodeType = (node: NodeRecord): string => node.labels["ray.io/node-group"] ?? `node_${node.nodeId}`;

const usageLines = (status: ClusterStatus): readonly string[] => {
  const { total, used } = clusterTotals(status);
  const lines = formatUsage(total, used);
  return lines.length === 0 ? ["(no resources)"] : lines;
};

const demandLines = (pending: readonly Amounts[]): readonly string[] => {
  if (pending.length === 0) return ["(no resource demands)"];
  const counts = new Map<string, number>();
  for (const demand of pending) counts.set(formatDemand(demand), (counts.get(formatDemand(demand)) ?? 0) + 1);
  return [...counts].map(([demand, count]) => `${demand}: ${count}+ pending tasks/actors`);
};

const perNodeSection = (status: ClusterStatus): readonly string[] =>
  status.nodes.flatMap((node) =>
    node.state === "ALIVE"
      ? [
          "",
          `Node: ${node.ip}`,
          ` Id: ${node.nodeId}`,
          " Usage:",
          ...indent(indent(formatUsage(node.resources, status.usage[node.nodeId] ?? {}))),
        ]
      : [],
  );

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => ` ${line}`);

const sum = (all: readonly Amounts[]): Amounts => {
  const total: Record<string, number> = {};
  for (const amounts of all) {
    for (const [name, amount] of Object.entries(amounts)) total[name] = (total[name] ?? 0) + amount;
  }
  return total;
};
