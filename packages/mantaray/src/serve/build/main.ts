/**
 * Program "build": bundles one application and imports it to learn its deployments, in a process of its
 * own, because that runs code which may block, print, exit or never end. It dies with its parent: the
 * standard input is a life line.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { MantaError } from "../../base/errors.ts";
import { installPublicApi } from "../api/public-api-hooks.ts";
import { buildFromSource } from "./build-application.ts";
import { answerFd, type BuildAnswer, buildInputSchema } from "./build-messages.ts";

const answer = (message: BuildAnswer): never => {
  const bytes = Buffer.from(JSON.stringify(message), "utf8");
  for (let sent = 0; sent < bytes.byteLength; ) sent += writeSync(answerFd, bytes, sent);
  // Timers and sockets of the application must not keep the process.
  process.exit(0);
};

const run = async (line: string): Promise<void> => {
  process.setSourceMapsEnabled(true);
  installPublicApi();
  try {
    answer(await buildFromSource(buildInputSchema.parse(JSON.parse(line))));
  } catch (error) {
    answer({ kind: "failed", message: MantaError.from(error, "build_failed").rawMessage });
  }
};

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => void run(line));
lines.once("close", () => process.exit(1));
