import { inspect } from "node:util";
import { buildLimits } from "./limits.ts";

/** What a person needs of something that application code threw: name, message and the lines of its own code. */
export const describeThrown = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return `it threw ${String(thrown)}`;
  const stack = thrown.stack ?? "";
  const frames = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/node:internal|[/\\]serve[/\\](build|api)[/\\]/.test(line))
    .map((line) => line.replaceAll("file://", "").trimEnd());
  const cause =
    thrown.cause === undefined ? [] : [`caused by ${inspect(thrown.cause, { depth: 1 }).split("\n")[0] ?? ""}`];
  return [`${thrown.name}: ${thrown.message}`, ...frames.slice(0, buildLimits.stackLinesMax), ...cause].join("\n");
};
