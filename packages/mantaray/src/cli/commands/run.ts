import { Command } from "commander";
import { clusterTempDir } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import { runLocal } from "../../local/index.ts";
import type { CliContext } from "../context.ts";
import { portNumber } from "../port-number.ts";

/** Options as commander gives them. */
interface RunCommandOptions {
  readonly workers: string;
  readonly name: string;
  readonly routePrefix: string;
  readonly reload: boolean;
  readonly port?: number;
  readonly dashboardPort?: number;
  readonly tempDir?: string;
}

/** `manta run`. */
export const command = (context: CliContext): Command =>
  new Command("run")
    .description("run an application on a cluster of its own on this machine, until Ctrl-C")
    .argument("<target>", "serve config or RayService manifest (.yaml), a module file, file:export or module:export")
    .argument("[args...]", "arguments of an application builder, key=value")
    .option("--workers <n>", "worker nodes; 0: the head hosts the replicas", "0")
    .option("--name <name>", "name of the application, for a module", "default")
    .option("--route-prefix <path>", "where it answers, for a module", "/")
    .option("-r, --reload", "deploy again when a file changes", false)
    .option("--port <port>", "where requests go (default: the config's, else 8000)", portNumber)
    .option("--dashboard-port <port>", "status page and REST API (default: 8265)", portNumber)
    .option("--temp-dir <folder>", "files, sockets and logs (default: MANTA_TEMP_DIR, else /tmp/manta)")
    .action((target: string, args: string[], options: RunCommandOptions) => run(context, target, args, options));

/** More would be no test of a laptop. */
const workersMax = 16;

const run = async (
  context: CliContext,
  target: string,
  args: readonly string[],
  options: RunCommandOptions,
): Promise<void> => {
  const workers = Number(options.workers);
  if (!Number.isInteger(workers) || workers < 0 || workers > workersMax) {
    throw refused("--workers", options.workers, `must be a whole number from 0 to ${workersMax}`);
  }
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? hurry : stop).abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  await runLocal({
    target,
    workers,
    cwd: context.cwd,
    name: options.name,
    routePrefix: options.routePrefix,
    args: Object.fromEntries(args.map(pairOf)),
    reload: options.reload,
    tempDir: options.tempDir ?? clusterTempDir(context.env),
    ports: {
      ...(options.port === undefined ? {} : { httpPort: options.port }),
      ...(options.dashboardPort === undefined ? {} : { dashboardPort: options.dashboardPort }),
    },
    signal: stop.signal,
    hurry: hurry.signal,
    print: (line) => context.print(`${line}\n`),
    clock: context.clock,
  });
};

const pairOf = (text: string): [string, string] => {
  const at = text.indexOf("=");
  if (at < 1) throw refused("argument", text, "must be key=value");
  return [text.slice(0, at), text.slice(at + 1)];
};

const refused = (option: string, value: string, rule: string): MantaError =>
  new MantaError("invalid_argument", `${option} ${JSON.stringify(value)}: ${rule}`, { details: { option } });
