import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { MantaError } from "../../base/errors.ts";
import type { CliContext } from "../context.ts";
import { dashboardUrls } from "../rest-address.ts";
import { applicationsPath, type ServeOptions, serveClient, withAddressOption } from "./serve-client.ts";

interface ShutdownOptions extends ServeOptions {
  readonly yes: boolean;
}

/** `manta serve shutdown`. */
export const serveShutdownCommand = (context: CliContext): Command =>
  withAddressOption(new Command("shutdown"))
    .description("delete every application and end Serve; the cluster stays")
    .option("-y, --yes", "do not ask", false)
    .action(async (options: ShutdownOptions) => {
      if (!options.yes)
        await confirm(
          dashboardUrls(options.address, context)
            .map(({ origin }) => origin)
            .join(", "),
        );
      await serveClient(context, options).text({ method: "DELETE", path: applicationsPath });
      context.print("Sent shutdown request; applications will be deleted asynchronously.\n");
    });

const confirm = async (address: string): Promise<void> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // An input that ends without an answer is a no.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    const question = `This shuts down Serve on the cluster at ${address} and deletes all its applications. Continue? [y/N] `;
    const answer = await Promise.race([lines.question(question), ended]);
    if (!/^y(es)?$/i.test(answer.trim())) {
      throw new MantaError("canceled", "nothing was shut down; --yes answers the question in advance");
    }
  } finally {
    lines.close();
  }
};
