import { Command, CommanderError } from "commander";
import { MantaError } from "../base/errors.ts";
import { version } from "../base/version.ts";
import { type CliContext, processContext } from "./context.ts";
import { plainText } from "./plain-text.ts";

/** A file of `commands/`: its `command` is the whole command, options and action. */
interface CommandModule {
  readonly command: (context: CliContext) => Command;
}

/** Every command. Only the one that is called is loaded, because start-up time is what a person feels. */
const commands: readonly { name: string; summary: string; load: () => Promise<CommandModule> }[] = [
  {
    name: "run",
    summary: "run an application on a cluster of its own on this machine",
    load: () => import("./commands/run.ts"),
  },
  { name: "start", summary: "start a node on this machine", load: () => import("./commands/start.ts") },
  { name: "stop", summary: "stop every node on this machine", load: () => import("./commands/stop.ts") },
  { name: "status", summary: "show nodes and resources", load: () => import("./commands/status.ts") },
  {
    name: "health-check",
    summary: "exit with 0 when the control store answers",
    load: () => import("./commands/health-check.ts"),
  },
  { name: "serve", summary: "deploy applications and see how they are", load: () => import("./commands/serve.ts") },
  { name: "list", summary: "list actors or nodes", load: () => import("./commands/list.ts") },
  { name: "get", summary: "show one actor or node", load: () => import("./commands/get.ts") },
  { name: "summary", summary: "count actors by class and state", load: () => import("./commands/summary.ts") },
  { name: "drain", summary: "let a node leave in order", load: () => import("./commands/drain.ts") },
  {
    name: "drain-node",
    summary: "drain, by the reference's words",
    load: () => import("./commands/drain-node.ts"),
  },
  { name: "kill", summary: "end an actor", load: () => import("./commands/kill.ts") },
  {
    name: "local",
    summary: "a small Kubernetes on this machine, without containers",
    load: () => import("./commands/local.ts"),
  },
  {
    name: "redis-cleanup",
    summary: "remove what a cluster has stored in Redis",
    load: () => import("./commands/redis-cleanup.ts"),
  },
];

const usageExitCode = 2;

const main = async (argv: readonly string[], context: CliContext): Promise<number> => {
  const words = argv.filter((argument) => !argument.startsWith("-"));
  const wanted = words[0] === "help" ? words[1] : words[0];
  const program = new Command("manta")
    .description("TypeScript applications on a cluster that keeps answering")
    .version(version, "--version", "print the version")
    .showSuggestionAfterError()
    // `local kubectl` passes on what follows.
    .enablePositionalOptions();
  for (const { name, summary, load } of commands) {
    const command = name === wanted ? (await load()).command(context) : new Command(name).description(summary);
    program.addCommand(command);
  }
  forEachCommand(program, (command) => command.exitOverride().showHelpAfterError("(add --help for the options)"));
  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
    const known = MantaError.from(error);
    context.warn(`manta: ${plainText(known.rawMessage).replaceAll("\n", " ").trim()}`);
    // A value that an option does not take is a usage error wherever it is found.
    return known.details.option === undefined ? 1 : usageExitCode;
  }
};

const forEachCommand = (command: Command, visit: (command: Command) => unknown): void => {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
};

// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.exitCode = await main(process.argv.slice(2), processContext());
