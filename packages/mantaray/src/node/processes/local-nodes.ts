import { rmSync } from "node:fs";
import { type Clock, systemClock } from "../../base/clock.ts";
import { waitFor } from "../../base/wait.ts";
import { groupsFileOf, socketsDirOf } from "../node-paths.ts";
import { type LocalNode, type ProcessRef, readPidFiles, removePidFile } from "./pid-file.ts";
import { bootId, isSameProcess, listProcesses, readProcessStat } from "./proc-stat.ts";
import { killGroup, sendSignal } from "./signals.ts";

/** A node with a pid file on this machine, and whether its agent runs. */
export interface FoundNode extends LocalNode {
  readonly alive: boolean;
  readonly pidFile: string;
}

/** Nodes of this machine under a temp dir: those that run, and what dead agents left behind. */
export const listLocalNodes = (tempDir: string): FoundNode[] => {
  const boot = bootId();
  return readPidFiles(tempDir).map(({ path, node }) => ({
    ...node,
    pidFile: path,
    alive: node.bootId === boot && isSameProcess(node.pid, node.startTicks),
  }));
};

/** How to stop a node. */
export interface StopLocalNodeOptions {
  readonly tempDir: string;
  /** From the first signal to SIGKILL. */
  readonly graceMs: number;
  /** SIGTERM, the default: what the node does moves to others first. SIGINT: in order, at once. */
  readonly signal?: "SIGTERM" | "SIGINT";
  /** SIGKILL at once, agent and all its processes. */
  readonly force?: boolean;
  readonly clock?: Clock;
}

/** Ends a node: in order where it still can, else by SIGKILL to everything it recorded. `killed`: it took force. */
export const stopLocalNode = async (node: FoundNode, options: StopLocalNodeOptions): Promise<"stopped" | "killed"> => {
  const clock = options.clock ?? systemClock;
  const ended = (): boolean => !isSameProcess(node.pid, node.startTicks);
  let outcome: "stopped" | "killed" = "stopped";
  if (node.alive && !ended()) {
    if (options.force !== true) {
      sendSignal(node.pid, options.signal ?? "SIGTERM");
      await waitFor(ended, { timeoutMs: options.graceMs, what: "the end of the node", clock }).catch(() => undefined);
    }
    if (!ended()) {
      outcome = "killed";
      sendSignal(node.pid, "SIGKILL");
      await waitFor(ended, { timeoutMs: killWaitMs, what: "the end of the agent", clock }).catch(() => undefined);
    }
  }
  // Read anew: it may have started processes since.
  const left = listLocalNodes(options.tempDir).find((found) => found.nodeId === node.nodeId);
  if (left !== undefined && !left.alive && sweepNode(left, options.tempDir) > 0) outcome = "killed";
  return outcome;
};

/** A killed process is gone in ms; longer only while it is stuck in the kernel. */
const killWaitMs = 5_000;

/**
 * Kills what agents that died without a farewell left behind, and forgets those agents. Returns how many
 * process groups were killed. A node whose agent runs is never touched.
 */
export const sweepOrphans = (tempDir: string): number => {
  let killed = 0;
  for (const node of listLocalNodes(tempDir)) if (!node.alive) killed += sweepNode(node, tempDir);
  return killed;
};

const sweepNode = (node: FoundNode, tempDir: string): number => {
  const killed = node.bootId === bootId() ? node.groups.filter(killRecordedGroup).length : 0;
  removePidFile(node.pidFile);
  removePidFile(groupsFileOf(tempDir, node.nodeId));
  rmSync(socketsDirOf(tempDir, node.nodeId), { recursive: true, force: true });
  return killed;
};

/**
 * Kills a group only when it is surely the recorded one: its leader has the recorded start, or the leader
 * has ended and members are left, which keeps the kernel from giving its number to anybody else.
 */
const killRecordedGroup = (leader: ProcessRef): boolean => {
  const stat = readProcessStat(leader.pid);
  const isRecorded =
    stat === undefined
      ? listProcesses().some((one) => one.groupId === leader.pid && one.startTicks >= leader.startTicks)
      : stat.startTicks === leader.startTicks && stat.groupId === leader.pid;
  return isRecorded && killGroup(leader.pid);
};
