import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { programs } from "../../entrypoints.ts";
import { answerFd, type BuildAnswer, type BuildInput, buildAnswerSchema } from "./build-messages.ts";
import { buildLimits } from "./limits.ts";

/** How a build process is started. */
export interface RunBuildOptions {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Default `buildLimits.timeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Secrets of the cluster are none of the application's business. */
const secretVariables = new Set(["RAY_AUTH_TOKEN", "REDIS_PASSWORD", "RAY_REDIS_ADDRESS", "MANTA_WORKER_BOOT"]);

/**
 * Runs one build in a process of its own. Errors of the application come back as `failed`; rejects with
 * `canceled` when the signal fires, and with `unavailable` when the process cannot be started.
 */
export const runBuild = async (input: BuildInput, options: RunBuildOptions): Promise<BuildAnswer> => {
  const child = start(options);
  const end = new Promise<string>((resolve, reject) => {
    child.once("error", (error) => {
      reject(new MantaError("unavailable", `the build process cannot be started: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, signal) => resolve(signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`));
  });
  const answer = collect(child.stdio[answerFd] as Readable, buildLimits.resultBytesMax);
  const output = lastOutput(child);
  let ended: "timeout" | "canceled" | undefined;
  const kill = (why: "timeout" | "canceled"): void => {
    ended ??= why;
    child.kill("SIGKILL");
  };
  const timeoutMs = options.timeoutMs ?? buildLimits.timeoutMs;
  const timer = options.clock.after(timeoutMs, () => kill("timeout"));
  const onAbort = (): void => kill("canceled");
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    // A process that is gone already tells by its end.
    child.stdin?.on("error", () => undefined);
    child.stdin?.write(`${JSON.stringify(input)}\n`);
    const how = await end;
    if (ended === "canceled") throw new MantaError("canceled", "the build was canceled");
    const parsed = parseAnswer(await answer);
    if (parsed !== undefined) return parsed;
    const why =
      ended === "timeout"
        ? `the application did not finish its import within ${timeoutMs / 1_000} s`
        : `the application ended the process (${how}) while it was imported`;
    return { kind: "failed", message: `${why}${output() === "" ? "" : `\nIt printed:\n${output()}`}` };
  } finally {
    timer.cancel();
    options.signal?.removeEventListener("abort", onAbort);
    child.stdin?.destroy();
  }
};

const start = (options: RunBuildOptions): ChildProcess => {
  const env = Object.fromEntries(Object.entries(options.env).filter(([name]) => !secretVariables.has(name)));
  return spawn(process.execPath, [fileURLToPath(programs.build)], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
};

const collect = async (stream: Readable, bytesMax: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > bytesMax) return "";
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/** The end of what the code prints: read so that a full pipe does not stop it, kept for the message. */
const lastOutput = (child: ChildProcess): (() => string) => {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      text = (text + chunk).slice(-buildLimits.outputCharsMax);
    });
  }
  return () => text.trim();
};

const parseAnswer = (text: string): BuildAnswer | undefined => {
  if (text === "") return undefined;
  try {
    return buildAnswerSchema.parse(JSON.parse(text));
  } catch (error) {
    return { kind: "failed", message: `the build's answer cannot be read: ${MantaError.from(error).rawMessage}` };
  }
};
