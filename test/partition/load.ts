import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type NetnsCluster, type NetnsNode, within } from "@manta/testkit/netns";
import { waitFor } from "mantaray/testing";

/** What the client machine sends. */
export interface LoadPlan {
  /** `host:port` of proxies, by the name of their node. */
  readonly targets: Readonly<Record<string, string>>;
  /** To each of them. */
  readonly connections: number;
  /** Of a connection between an answer and its next request. */
  readonly pauseMs: number;
  readonly timeoutMs: number;
}

/** One request as its client saw it; times are of the wall clock, which all machines share. */
export interface Sent {
  readonly target: string;
  readonly method: "GET" | "POST";
  readonly startMs: number;
  readonly endMs: number;
  /** "ok", a status with its reason, or the error of the connection. */
  readonly outcome: string;
  /** Address of the node that did the work. */
  readonly servedBy: string;
}

/** Starts a load from the client's namespace on the proxies of these nodes; the result ends it and tells all of it. */
export const startLoad = (cluster: NetnsCluster, nodes: readonly NetnsNode[]): (() => Promise<readonly Sent[]>) => {
  const plan: LoadPlan = {
    targets: Object.fromEntries(nodes.map((node) => [node.name, cluster.proxyOf(node)])),
    connections: 6,
    pauseMs: 20,
    timeoutMs: 20_000,
  };
  const [execPath, ...execArgv] = within(cluster.client.namespace, [process.execPath]);
  const child = fork(fileURLToPath(new URL("load-client.ts", import.meta.url)), [JSON.stringify(plan)], {
    execPath,
    execArgv,
  });
  return async () => {
    const told = once(child, "message") as Promise<[Sent[]]>;
    child.send("stop");
    return (await told)[0];
  };
};

/** A POST that was in the hole may have run there: the one thing that cannot be saved. */
export const isUnsaveable = ({ method, outcome }: Sent): boolean => method === "POST" && outcome === "503 actor_died";

/** How many requests of each method ended in which way. */
export const countBy = (requests: readonly Sent[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { method, outcome } of requests)
    counts[`${method} ${outcome}`] = (counts[`${method} ${outcome}`] ?? 0) + 1;
  return counts;
};

/** What went wrong though it could have been saved. */
export const failures = (requests: readonly Sent[]): Record<string, number> =>
  countBy(requests.filter((request) => request.outcome !== "ok" && !isUnsaveable(request)));

/** Lets the load go on up to a moment of the wall clock. */
export const sleepUntil = (what: string, timeMs: number): Promise<unknown> =>
  waitFor(() => Date.now() >= timeMs, { what, timeoutMs: 60_000, intervalMs: 50 });
