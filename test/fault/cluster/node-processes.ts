import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, killPid } from "@manta/testkit";
import type { LocalNode } from "mantaray/testing";

interface Book {
  readonly pid: number;
  readonly groups: readonly { readonly pid: number; readonly name: string }[];
}

/** Processes that a node has recorded as its own, its agent first. */
export const processesOf = (tempDir: string, node: LocalNode): readonly { pid: number; name: string }[] => {
  const { nodeId } = node;
  if (nodeId === undefined) return [];
  const book = JSON.parse(readFileSync(join(tempDir, "nodes", `${nodeId.slice(0, 8)}.json`), "utf8")) as Book;
  return [{ pid: book.pid, name: "agent" }, ...book.groups].filter(({ pid }) => isAlive(pid));
};

/** One child program of a node: `gcs` or `dashboard`. */
export const programOf = (tempDir: string, node: LocalNode, name: string): number => {
  const found = processesOf(tempDir, node).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${node.name} runs no ${name}`);
  return found.pid;
};

/** The same signal to every process of a node, the agent first. */
export const signalNode = (tempDir: string, node: LocalNode, signal: NodeJS.Signals): readonly number[] => {
  const pids = processesOf(tempDir, node).map(({ pid }) => pid);
  for (const pid of pids) killPid(pid, signal);
  return pids;
};
