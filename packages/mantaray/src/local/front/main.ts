/**
 * The front process of a local cluster: one address that goes on answering while any node is down. It
 * balances connections, not requests, over the nodes' proxies, and knows of nothing but their addresses:
 * the part that a Service or a load balancer plays elsewhere. Ends when its standard input ends.
 */
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { splice } from "./splice.ts";
import { type Target, Targets } from "./targets.ts";

/** A proxy that drains is passed by after this; it accepts for longer. */
const checkPeriodMs = 200;
/** One that is late is only tried after the others. */
const checkTimeoutMs = 500;

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8000" },
    target: { type: "string", multiple: true, default: [] },
  },
});

const parseTarget = (text: string): Target => {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
};

const targets = new Targets(values.target.map(parseTarget));
const server = createServer({ allowHalfOpen: true }, (client) => splice(client, targets));
server.on("error", (error) => {
  process.stderr.write(`the front address ${values.host}:${values.port} cannot be used: ${error.message}\n`);
  process.exit(1);
});
server.listen(Number(values.port), values.host, () => process.stdout.write(`${JSON.stringify({ ready: true })}\n`));

const check = async (): Promise<void> => {
  await targets.checkAll(checkTimeoutMs);
  setTimeout(() => void check(), checkPeriodMs).unref();
};
void check();

process.on("SIGINT", () => {});
process.on("SIGTERM", () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume();
