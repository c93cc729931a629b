import { execFileSync } from "node:child_process";

/** Runs `ip` and returns what it printed; throws with its own words when it refuses. `input` feeds `-batch -`. */
export const ip = (args: readonly string[], input = ""): string => {
  try {
    return execFileSync("ip", args, { encoding: "utf8", input, stdio: "pipe" });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? String(error);
    throw new Error(`ip ${args.join(" ")}: ${said}`, { cause: error });
  }
};

/** Where `ip netns` keeps a namespace. */
export const namespaceFile = (namespace: string): string => `/run/netns/${namespace}`;

/** The command that runs `command` within a network namespace. It becomes that process: same pid, same signals. */
export const within = (namespace: string, command: readonly string[]): [string, ...string[]] => [
  "nsenter",
  `--net=${namespaceFile(namespace)}`,
  ...command,
];

/** Processes that live in a namespace. */
export const pidsIn = (namespace: string): number[] =>
  ip(["netns", "pids", namespace])
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
