import type { Container } from "kubernetes-types/core/v1.d.ts";
import type { NodeRole } from "./start-params.ts";

/** Flags that keep their value even when it is a truth value (reference, section 2.7). */
const valued: ReadonlySet<string> = new Set(["log-color", "include-dashboard", "include-log-monitor"]);

/** `ray start …` of a node, flags in the order of their names. */
export const startCommand = (role: NodeRole, params: Readonly<Record<string, string>>): string => {
  const flags = Object.entries(params)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => flag(key, value))
    .join("");
  return `ray start ${role === "worker" ? "" : "--head "}${flags}`;
};

const flag = (key: string, value: string): string => {
  if (valued.has(key) || (value.toLowerCase() !== "true" && value.toLowerCase() !== "false"))
    return ` --${key}=${value} `;
  return value.toLowerCase() === "true" ? ` --${key} ` : "";
};

/** What the container runs; the user's own command goes first, or alone where it starts the node itself. */
export const containerCommand = (
  container: Container,
  start: string,
  options: { readonly overwrite: boolean; readonly loginShell: boolean },
): Pick<Container, "command" | "args"> => {
  const user = [...(container.command ?? []), ...(container.args ?? [])].join(" ");
  if (options.overwrite || user.includes("ray start")) {
    return {
      ...(container.command === undefined ? {} : { command: container.command }),
      ...(container.args === undefined ? {} : { args: container.args }),
    };
  }
  // The last command of the list takes the shell's place, so the node itself gets SIGTERM.
  // oxlint-disable-next-line no-template-curly-in-string
  const generated = "ulimit -n ${RAY_START_ULIMIT_OPEN_FILES:-65536}; " + start;
  return {
    command: ["/bin/bash", options.loginShell ? "-lc" : "-c", "--"],
    args: [user === "" ? generated : `${user} && ${generated}`],
  };
};
