import { connect } from "../actor/index.ts";
import { loadAuthToken } from "../base/auth-token.ts";
import { systemClock } from "../base/clock.ts";
import { createLog } from "../base/log.ts";
import { listedAddresses, parseDashboardArgs } from "./dashboard-args.ts";
import { dashboardLimits } from "./limits.ts";
import { startDashboard } from "./start-dashboard.ts";

/** The API server's program. Ends when its standard input ends (the agent died) or on SIGTERM. */
const args = parseDashboardArgs(process.argv.slice(2));
const log = createLog("dashboard", { nodeId: args.nodeId.slice(0, 8) });
const token = loadAuthToken(process.env, { create: false });
const cluster = await connect({
  // The agent's knowledge is newer than what was known at our start: leaders move.
  findAddresses: () => [...new Set([...listedAddresses(args.gcsFile), ...args.gcsAddresses])],
  token,
  identity: { role: "dashboard", id: args.nodeId },
  log,
  // It answers from its first moment, 503 where it must: the control store may come later.
  timeoutMs: 0,
});
const server = await startDashboard({
  host: args.host,
  port: args.port,
  cluster,
  token,
  hostNames: [args.nodeIp],
  env: process.env,
  clock: systemClock,
  log,
});
log.info({ host: args.host, port: server.port }, "the API server listens");
// For whoever started it with port 0.
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);

let ending = false;
const end = async (reason: string): Promise<void> => {
  if (ending) return;
  ending = true;
  log.info({ reason }, "the API server ends");
  await server.close(dashboardLimits.shutdownGraceMs);
  await cluster.close();
  process.exit(0);
};
process.on("SIGTERM", () => void end("SIGTERM"));
process.on("SIGINT", () => void end("SIGINT"));
process.stdin.on("end", () => void end("its agent is gone"));
process.stdin.on("error", () => void end("its agent is gone"));
process.stdin.resume();
