import type { NodeId } from "../../../base/ids.ts";
import { serveJobId } from "../../../base/ids.ts";
import type { ActorRecord, ActorSpecInput } from "../../../protocol/actor.ts";
import { proxyClassName, proxyName, serveNamespace } from "../../../protocol/controller.ts";
import type { NodeRecord } from "../../../protocol/node.ts";
import type { ProxyArgsInput } from "../../../protocol/proxy.ts";
import type { ProxyStatus } from "../../../protocol/serve-details.ts";
import type { HttpOptions } from "../../config/index.ts";
import { controllerLimits } from "../limits.ts";
import type { ProxyHealth } from "../ports.ts";
import { mayLead } from "./decide-proxies.ts";

/** The proxy of one node as the controller knows it. Owned by the proxy manager. */
export interface Proxy {
  readonly nodeId: NodeId;
  /** Reason enough to have one; false: it drains and goes. */
  wanted: boolean;
  record: ActorRecord | null;
  status: ProxyStatus;
  health: ProxyHealth | null;
  strikes: number;
  /** What the process was last told. */
  toldDraining: boolean;
  drainingSinceMs: number | null;
  removalAsked: boolean;
  busy: boolean;
  uncertain: boolean;
  nextCheckMs: number;
  retryAtMs: number;
  failedCalls: number;
}

export const newProxy = (nodeId: NodeId): Proxy => ({
  nodeId,
  wanted: true,
  record: null,
  status: "STARTING",
  health: null,
  strikes: 0,
  toldDraining: false,
  drainingSinceMs: null,
  removalAsked: false,
  busy: false,
  uncertain: false,
  nextCheckMs: 0,
  retryAtMs: 0,
  failedCalls: 0,
});

/** The actor that a proxy is. Its host is the node's own address where that is a loopback one: nodes of one machine share the port. */
export const proxySpec = (node: NodeRecord, http: HttpOptions, defaultHost: string): ActorSpecInput => {
  const host = node.ip.startsWith("127.") ? node.ip : (http.host ?? (defaultHost === "" ? "0.0.0.0" : defaultHost));
  const args: ProxyArgsInput = { host, port: proxyPort(node, http), isHead: mayLead(node) };
  return {
    className: proxyClassName,
    name: proxyName(node.nodeId),
    namespace: serveNamespace,
    jobId: serveJobId,
    maxRestarts: -1,
    resources: {},
    placement: { nodeId: node.nodeId },
    entry: { module: "serve-proxy", args },
    stopGraceMs: controllerLimits.proxyLeaveGraceMs,
    watchdogTimeoutMs: controllerLimits.proxyWatchdogMs,
  };
};

/** Where the node's proxy listens. */
export const proxyPort = (node: NodeRecord, http: HttpOptions): number =>
  node.proxyPort === 0 ? (http.port ?? 8_000) : node.proxyPort;
