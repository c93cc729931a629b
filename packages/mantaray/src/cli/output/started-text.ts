import { authEnabled, authTokenPath, loadAuthToken } from "../../base/auth-token.ts";
import type { NodeHandle, NodeReadiness } from "../../node/index.ts";
import type { CliContext } from "../context.ts";

const title = "Manta runtime started.";
const rule = "-".repeat(title.length);

/** What `start` prints once the node is registered. */
export const startedText = (context: CliContext, node: NodeHandle, ready: NodeReadiness, block: boolean): string => {
  const { options } = node;
  return [
    `Local node IP: ${options.nodeIp}`,
    "",
    rule,
    title,
    rule,
    "",
    ...(options.head ? headSteps(context, node, ready) : []),
    ...(options.head && !ready.leads ? [standbyLine(ready), ""] : []),
    `Node ${options.nodeId}, pid ${node.pid}, health on http://${options.nodeIp}:${ready.agentPort}/api/local_raylet_healthz`,
    `Logs in ${node.logsDir}`,
    "",
    ...(block
      ? ["This command stays until it is told to end (Ctrl-C or SIGTERM).", ""]
      : ["To stop every node on this machine, run", "  manta stop", ""]),
  ].join("\n");
};

const standbyLine = ({ leader }: NodeReadiness): string =>
  `This head stands by: the control store at ${leader.replace(/^tcp:/, "")} leads. It takes over when that one is gone.`;

const headSteps = (context: CliContext, node: NodeHandle, ready: NodeReadiness): readonly string[] => {
  const { options } = node;
  const addresses = ready.leader === "" ? options.gcsAddresses : [ready.leader, ...options.gcsAddresses];
  const address = [...new Set(addresses)].map((one) => one.replace(/^tcp:/, "")).join(",");
  const isWildcard = options.dashboardHost === "0.0.0.0" || options.dashboardHost === "::";
  const dashboard = `http://${isWildcard ? options.nodeIp : options.dashboardHost}:${options.dashboardPort}`;
  return [
    "Next steps",
    "  To add another node to this cluster, run",
    `    manta start --address='${address}'`,
    ...(authEnabled(context.env) ? [`  with the same token: ${tokenSource(context)}`, ""] : [""]),
    "  To deploy an application, run",
    "    manta serve deploy CONFIG_OR_IMPORT_PATH",
    "",
    "  To see nodes, applications and actors, open",
    `    ${dashboard}${tokenQuery(context)}`,
    "",
  ];
};

const tokenSource = ({ env }: CliContext): string => {
  const given = env.RAY_AUTH_TOKEN?.trim() ?? "";
  return given === "" ? `${authTokenPath(env)} of this machine, or RAY_AUTH_TOKEN` : "RAY_AUTH_TOKEN";
};

/** The link logs in by itself; only where a person reads it, because what is not a terminal may be a log. */
const tokenQuery = ({ env, interactive }: CliContext): string => {
  if (!interactive || !authEnabled(env)) return "/";
  return `/?token=${encodeURIComponent(loadAuthToken(env, { create: false }))}`;
};
