import { Command, Option } from "commander";
import { MantaError } from "../../base/errors.ts";
import { type NodeOptions, resolveNodeOptions, spawnNode } from "../../node/index.ts";
import type { CliContext } from "../context.ts";
import { startedText } from "../output/started-text.ts";
import { holdNode } from "../start/hold-node.ts";
import { ignoredOptions } from "../start/ignored-options.ts";
import { redisEnv } from "../start/redis-env.ts";

/** Options as commander gives them; the node checks the values. */
interface StartOptions {
  readonly head: boolean;
  readonly standby: boolean;
  readonly address?: string;
  readonly nodeIpAddress?: string;
  readonly nodeName?: string;
  readonly numCpus?: string;
  readonly numGpus?: string;
  readonly memory?: string;
  readonly resources?: string;
  readonly labels?: string;
  readonly port?: string;
  readonly dashboardHost?: string;
  readonly dashboardPort?: string;
  readonly dashboardAgentListenPort?: string;
  readonly proxyPort?: string;
  readonly tempDir?: string;
  readonly redisUsername?: string;
  readonly redisPassword?: string;
  readonly block: boolean;
}

/** `manta start`. */
export const command = (context: CliContext): Command => {
  const start = new Command("start")
    .description("start a node on this machine: the head of a new cluster, or one that joins a cluster")
    .option("--head", "carry the control store and the API server", false)
    .option("--standby", "with --head and --address: take over when the leading head is gone (needs Redis)", false)
    .option("--address <host:port,...>", "control store to join; a comma list names standbys")
    .option("--node-ip-address <ip>", "address of this node (default: 127.0.0.1 where the head is on this machine)")
    .option("--num-cpus <n>", "CPUs for actors (default: those of this machine)")
    .option("--num-gpus <n>", "GPUs for actors (default: 0)")
    .option("--memory <bytes>", "memory for actors that ask for it")
    .option("--resources <json>", "custom resources, such as '{\"SSD\": 2}'")
    .option("--labels <k=v,...>", "labels of this node, pairs or JSON")
    .option("--port <port>", "control store of a head; 0 picks one (default: 6379)")
    .option("--dashboard-host <host>", "where a head's API server listens (default: 127.0.0.1)")
    .option("--dashboard-port <port>", "API server of a head; 0 picks one (default: 8265)")
    .option("--dashboard-agent-listen-port <port>", "health endpoint of this node (default: 52365)")
    .option("--proxy-port <port>", "this node's HTTP proxy (default: the cluster's, 8000)")
    .option("--temp-dir <folder>", "files, sockets and logs (default: MANTA_TEMP_DIR, else /tmp/manta)")
    .option("--redis-username <name>", "user of the Redis that RAY_REDIS_ADDRESS names (default: REDIS_USERNAME)")
    .option("--redis-password <secret>", "its password; better in REDIS_PASSWORD, which no process list shows")
    .option("--block", "stay until the node ends; SIGTERM and Ctrl-C end it in order", false)
    .addOption(new Option("--node-name <name>", "name of this node, for people").hideHelp());
  for (const option of ignoredOptions()) start.addOption(option);
  return start
    .addHelpText(
      "after",
      "\nExamples:\n  manta start --head\n  manta start --address=10.0.0.1:6379 --num-cpus=4 --block\n" +
        "  manta start --head --standby --address=10.0.0.1:6379\n\n" +
        "Flags of the reference that have no meaning here are accepted and named in a warning.",
    )
    .action((options: StartOptions, self: Command) => run(context, options, self));
};

const run = async (context: CliContext, options: StartOptions, self: Command): Promise<void> => {
  const headOnly = [
    ["--port", options.port],
    ["--dashboard-port", options.dashboardPort],
    ["--standby", options.standby || undefined],
  ] as const;
  for (const [flag, value] of headOnly) {
    if (!options.head && value !== undefined) {
      throw new MantaError("invalid_argument", `${flag} goes with --head only`, { details: { option: flag } });
    }
  }
  const ignored = ignoredOptions().filter((option) => self.getOptionValueSource(option.attributeName()) === "cli");
  if (ignored.length > 0)
    context.warn(`manta: without effect here: ${ignored.map((option) => option.long).join(", ")}`);
  const env = redisEnv(context.env, options);
  const resolved = await resolveNodeOptions(nodeOptions(options), env);
  const node = spawnNode(resolved, {
    stdio: options.block ? "inherit" : "log",
    // Where import paths of applications are looked up: the folder of whoever starts the head.
    env: { ...env, MANTA_APP_PATH: env.MANTA_APP_PATH ?? context.cwd },
  });
  if (options.block) return holdNode(context, node, (ready) => context.print(startedText(context, node, ready, true)));
  const ready = await node.ready.catch((error: unknown) => {
    // Nobody waits for it any more.
    node.kill("SIGTERM");
    throw error;
  });
  context.print(startedText(context, node, ready, false));
};

const nodeOptions = (options: StartOptions): NodeOptions => ({
  head: options.head,
  standby: options.standby,
  // A node that blocks its starter must not outlive it, however that ends.
  endWithStdin: options.block,
  ...(options.address === undefined ? {} : { addresses: options.address.split(",") }),
  ...defined({
    nodeIpAddress: options.nodeIpAddress,
    nodeName: options.nodeName,
    numCpus: options.numCpus,
    numGpus: options.numGpus,
    resources: withMemory(options.resources, options.memory),
    labels: options.labels,
    port: options.port,
    dashboardHost: options.dashboardHost,
    dashboardPort: options.dashboardPort,
    dashboardAgentListenPort: options.dashboardAgentListenPort,
    proxyPort: options.proxyPort,
    tempDir: options.tempDir,
  }),
});

/** Without the fields that were not given, so that the node's own defaults hold. */
const defined = <Fields extends Readonly<Record<string, unknown>>>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };

/** Memory is one resource among others. JSON that cannot be read stays text: the node says what is wrong with it. */
const withMemory = (
  resources: string | undefined,
  memory: string | undefined,
): string | Record<string, number> | undefined => {
  if (memory === undefined) return resources;
  const bytes = Number(memory);
  if (!/^\d+$/.test(memory)) {
    throw new MantaError(
      "invalid_argument",
      `--memory must be a whole number of bytes, got ${JSON.stringify(memory)}`,
      {
        details: { option: "--memory" },
      },
    );
  }
  const others = resources === undefined ? {} : parsedObject(resources);
  return others === undefined ? resources : { ...others, memory: bytes };
};

const parsedObject = (text: string): Record<string, number> | undefined => {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, number>) : undefined;
  } catch {
    return undefined;
  }
};
