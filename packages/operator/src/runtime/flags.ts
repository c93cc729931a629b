import { parseArgs } from "node:util";
import { checkFeatureGates } from "./feature-gates.ts";
import { runtimeLimits } from "./limits.ts";
import { defaultSettings, type ListenAddress, type LogSettings, type OperatorSettings } from "./settings.ts";

/** A flag of the operator, by the reference's name. */
interface Flag {
  readonly help: string;
  readonly default: string;
  /** May stand without a value. */
  readonly boolean?: true;
}

/** All flags; `docs` and `--help` are made of them. */
export const flags = {
  kubeconfig: { help: "kubeconfig file; empty: KUBECONFIG, the pod's service account, ~/.kube/config", default: "" },
  "metrics-addr": { help: "address of /metrics; 0: none", default: ":8080" },
  "health-probe-bind-address": { help: "address of /healthz and /readyz; 0: none", default: ":8082" },
  "enable-leader-election": { help: "one of several operators works at a time", default: "true", boolean: true },
  "leader-election-namespace": { help: "namespace of the Lease; empty: the operator's own", default: "" },
  "reconcile-concurrency": { help: "objects of a kind worked on at once", default: String(runtimeLimits.concurrency) },
  "watch-namespace": { help: "comma-separated namespaces to look after; empty: all", default: "" },
  "log-level": { help: "trace, debug, info, warn, error", default: "info" },
  "log-file-path": { help: "log to this file too", default: "" },
  "log-file-encoder": { help: "json or console", default: "json" },
  "log-stdout-encoder": { help: "json or console", default: "json" },
  config: { help: "file of kind Configuration (config.ray.io/v1alpha1); replaces the other flags", default: "" },
  "use-kubernetes-proxy": { help: "reach heads through the API server", default: "false", boolean: true },
  "feature-gates": { help: "A=true,B=false", default: "" },
  "enable-metrics": { help: "metrics of each cluster and service", default: "false", boolean: true },
  qps: { help: "calls of the API a second", default: String(defaultSettings.qps) },
  burst: { help: "calls of the API at once", default: String(defaultSettings.burst) },
  "batch-scheduler": { help: "not supported: must be empty", default: "" },
  "enable-batch-scheduler": { help: "not supported: must be false", default: "false", boolean: true },
  "forced-cluster-upgrade": { help: "deprecated, without effect", default: "false", boolean: true },
  version: { help: "print the version and end", default: "false", boolean: true },
  help: { help: "print this and end", default: "false", boolean: true },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof flags;

/** What the command line says. */
export interface ParsedFlags {
  readonly values: Readonly<Record<FlagName, string>>;
  readonly settings: OperatorSettings;
  readonly warnings: readonly string[];
}

/** Reads flags as Go programs write them: `-a b`, `--a=b`, and booleans without a value. Throws with the flag's name. */
export const parseFlags = (args: readonly string[]): ParsedFlags => {
  const options = Object.fromEntries(Object.keys(flags).map((name) => [name, { type: "string" as const }]));
  const given = parseArgs({ args: args.map(normalize), options, strict: true, allowPositionals: false }).values;
  const values = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, given[name] ?? flag.default]),
  ) as Record<FlagName, string>;
  const { settings, warnings } = settingsOfFlags(values);
  return { values, settings, warnings };
};

/** The settings in flags' texts, by the flags' names. Throws with the flag's name. */
export const settingsOfFlags = (
  values: Readonly<Record<FlagName, string>>,
): { readonly settings: OperatorSettings; readonly warnings: readonly string[] } => {
  const warnings = [...checkFeatureGates(values["feature-gates"])];
  if (values["batch-scheduler"] !== "" || flag(values, "enable-batch-scheduler"))
    throw new Error(`--batch-scheduler ${values["batch-scheduler"]}: batch schedulers are not supported`);
  if (flag(values, "use-kubernetes-proxy"))
    warnings.push("--use-kubernetes-proxy has no effect yet: heads are reached by their pods' addresses");
  if (flag(values, "forced-cluster-upgrade")) warnings.push("--forced-cluster-upgrade is deprecated and has no effect");
  const settings: OperatorSettings = {
    ...defaultSettings,
    watchNamespaces: values["watch-namespace"]
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    concurrency: whole(values, "reconcile-concurrency", runtimeLimits.concurrencyMax),
    leaderElection: flag(values, "enable-leader-election"),
    leaderElectionNamespace: values["leader-election-namespace"],
    metricsAddress: parseAddress("metrics-addr", values["metrics-addr"]),
    objectMetrics: flag(values, "enable-metrics"),
    healthAddress: parseAddress("health-probe-bind-address", values["health-probe-bind-address"]),
    qps: positive(values, "qps"),
    burst: whole(values, "burst", 1_000_000),
    useKubernetesProxy: flag(values, "use-kubernetes-proxy"),
    log: {
      level: values["log-level"],
      filePath: values["log-file-path"],
      fileEncoder: encoder(values, "log-file-encoder"),
      stdoutEncoder: encoder(values, "log-stdout-encoder"),
    },
  };
  return { settings, warnings };
};

/** Text of `--help`. */
export const flagsHelp = (): string =>
  Object.entries(flags)
    .map(
      ([name, { help, default: value }]) =>
        `  --${name}\n        ${help}${value === "" ? "" : ` (default ${value})`}\n`,
    )
    .join("");

/** `host:port`, `:port`; `0` and "" are none. Throws with the flag's name. */
export const parseAddress = (name: string, text: string): ListenAddress | undefined => {
  if (text === "" || text === "0") return undefined;
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d+)$/.exec(text);
  const port = Number(match?.groups?.port);
  if (match === null || port > 65_535) throw new Error(`--${name} ${text}: not of the form host:port or :port`);
  const host = match.groups?.six ?? match.groups?.host ?? "";
  return host === "" ? { port } : { host, port };
};

const normalize = (arg: string): string => {
  const long = /^-[a-z]/i.test(arg) ? `-${arg}` : arg;
  const name = long.startsWith("--") ? long.slice(2) : "";
  return name in flags && "boolean" in flags[name as FlagName] ? `${long}=true` : long;
};

const flag = (values: Readonly<Record<FlagName, string>>, name: FlagName): boolean => {
  const text = values[name].toLowerCase();
  if (["true", "t", "1"].includes(text)) return true;
  if (["false", "f", "0"].includes(text)) return false;
  throw new Error(`--${name} ${values[name]}: neither true nor false`);
};

const positive = (values: Readonly<Record<FlagName, string>>, name: FlagName): number => {
  const value = Number(values[name]);
  if (values[name].trim() === "" || !(value > 0)) throw new Error(`--${name} ${values[name]}: not above 0`);
  return value;
};

const whole = (values: Readonly<Record<FlagName, string>>, name: FlagName, max: number): number => {
  const value = positive(values, name);
  if (!Number.isInteger(value) || value > max)
    throw new Error(`--${name} ${values[name]}: not a whole number up to ${max}`);
  return value;
};

const encoder = (values: Readonly<Record<FlagName, string>>, name: FlagName): LogSettings["fileEncoder"] => {
  const value = values[name];
  if (value !== "json" && value !== "console") throw new Error(`--${name} ${value}: neither json nor console`);
  return value;
};
