import type { ClusterOptions } from "../cluster/cluster-options.ts";
import { kubeLimits } from "../kube/limits.ts";
import { runtimeLimits } from "./limits.ts";

/** An address to listen on; undefined: nowhere. */
export interface ListenAddress {
  /** Default all addresses. */
  readonly host?: string | undefined;
  readonly port: number;
}

/** What an operator is told: flags and environment of `main.ts`, or fields of `startOperator`. */
export interface OperatorSettings {
  /** Namespaces to look after; empty: all. */
  readonly watchNamespaces: readonly string[];
  /** Keys of a kind reconciled at once. */
  readonly concurrency: number;
  readonly leaderElection: boolean;
  /** Of the Lease. "": where the operator runs. */
  readonly leaderElectionNamespace: string;
  /** `/metrics`. */
  readonly metricsAddress: ListenAddress | undefined;
  /** Figures of every cluster and service (`kuberay_*`) too. */
  readonly objectMetrics: boolean;
  /** `/healthz` and `/readyz`. */
  readonly healthAddress: ListenAddress | undefined;
  readonly qps: number;
  readonly burst: number;
  /** How long between two looks at an object that does not change. */
  readonly resyncMs: number;
  readonly reconcileTimeoutMs: number;
  /** RayServices without an `upgradeStrategy.type` are upgraded without downtime (`ENABLE_ZERO_DOWNTIME`). */
  readonly zeroDowntime: boolean;
  /** Reach heads through the API server's proxy of Services, from outside the cluster. */
  readonly useKubernetesProxy: boolean;
  /** What differs from `defaultClusterOptions`. */
  readonly cluster: Partial<ClusterOptions>;
  readonly log: LogSettings;
}

/** Where the log goes. */
export interface LogSettings {
  readonly level: string;
  readonly stdoutEncoder: "json" | "console";
  /** "": no file. */
  readonly filePath: string;
  readonly fileEncoder: "json" | "console";
}

/** What holds without flags. */
export const defaultSettings: OperatorSettings = Object.freeze({
  watchNamespaces: [],
  concurrency: runtimeLimits.concurrency,
  leaderElection: true,
  leaderElectionNamespace: "",
  metricsAddress: { port: 8080 },
  objectMetrics: false,
  healthAddress: { port: 8082 },
  qps: kubeLimits.qps,
  burst: kubeLimits.burst,
  resyncMs: kubeLimits.resyncMs,
  reconcileTimeoutMs: runtimeLimits.reconcileTimeoutMs,
  zeroDowntime: true,
  useKubernetesProxy: false,
  cluster: {},
  log: { level: "info", stdoutEncoder: "json", filePath: "", fileEncoder: "json" },
} satisfies OperatorSettings);
