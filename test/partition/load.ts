import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type NetnsCluster, type NetnsNode, within } from "@manta/testkit/netns";

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
