import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { localProgramCommand } from "../local/program.ts";
import { localUpCommand } from "../local/up.ts";

/** `manta local`: a Kubernetes without a Kubernetes. */
export const command = (context: CliContext): Command =>
  new Command("local")
    .description("a small Kubernetes on this machine, without containers")
    .enablePositionalOptions()
    .addCommand(localUpCommand(context))
    .addCommand(localProgramCommand("kubectl"))
    .addCommand(localProgramCommand("helm"));
