import { type ChildProcess, spawn } from "node:child_process";

/** How a program ended. */
export interface ProgramResult {
  /** Its exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of one run of a program. */
export interface RunOptions {
  /** What it reads; default nothing. */
  readonly stdin?: string;
  /** Then it is killed, and the run rejects. Default 60 s. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;

/** Runs a program to its end, whatever its exit code. Rejects when it cannot be started or takes too long. */
export const runProgram = (
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { stdin = "", timeoutMs = defaultTimeoutMs }: RunOptions = {},
): Promise<ProgramResult> => {
  const child = spawn(file, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  child.once("error", reject);
  child.once("close", (code) => {
    clearTimeout(timer);
    const result = { code: code ?? -1, stdout: stdout(), stderr: stderr() };
    if (!late) resolve(result);
    else
      reject(
        new Error(`${describe(file, args)} took more than ${timeoutMs} ms; so far: ${result.stdout}${result.stderr}`),
      );
  });
  // It may end without reading.
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  return promise;
};

/** Its output, once it has ended well; rejects with what it said on stderr. */
export const outputOf = async (run: Promise<ProgramResult>, file: string, args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await run;
  if (code === 0) return stdout;
  throw new Error(`${describe(file, args)} ended with ${code}: ${`${stderr}${stdout}`.trim()}`);
};

const describe = (file: string, args: readonly string[]): string => [file.split("/").at(-1), ...args].join(" ");

const collect = (stream: NonNullable<ChildProcess["stdout"]>): (() => string) => {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
};
