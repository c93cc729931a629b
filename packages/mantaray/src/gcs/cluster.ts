import type { Clock } from "../base/clock.ts";
import type { MantaError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { ControlStore } from "../store/index.ts";
import { ActorManager } from "./actors/actor-manager.ts";
import { RestartDelays } from "./actors/restart-delays.ts";
import { AgentSessions } from "./nodes/agent-session.ts";
import { NodeManager } from "./nodes/node-manager.ts";
import { Scheduler } from "./placement/scheduler.ts";
import { Recovery } from "./recovery/recovery.ts";
import { Ledger } from "./state/ledger.ts";
import { openTables, type Tables } from "./tables.ts";

/** What a cluster is built from. */
export interface ClusterOptions {
  readonly store: ControlStore;
  /** Of the lease that this process holds. */
  readonly epoch: number;
  readonly sessionName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The store refused a write: nothing that this process says from now on counts. */
  readonly onStoreFailure: (error: MantaError) => void;
}

/** The parts of a control store, wired to one another: what its service answers from. */
export interface Cluster extends Tables {
  readonly sessionName: string;
  /** Of the lease. */
  readonly epoch: number;
  /** Wall clock of this process's start, ms. */
  readonly startMs: number;
  readonly nodes: NodeManager;
  readonly actors: ActorManager;
  readonly sessions: AgentSessions;
  readonly scheduler: Scheduler;
  readonly recovery: Recovery;
  stop(): void;
}

/** Loads the tables from the store and begins the recovery. */
export const openCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { store, epoch, sessionName, clock, random, log } = options;
  const ledger = new Ledger(store, epoch, options.onStoreFailure);
  const tables = openTables(await store.load(), ledger, clock);
  const { nodeTable, actorTable, events } = tables;
  const sessions = new AgentSessions();
  const delays = new RestartDelays(clock, random);
  const startedMs = clock.nowMs();
  const expected = nodeTable.alive();
  const recovery = new Recovery({
    expected,
    clock,
    waitMs: limits.recoveryWaitMs,
    onEnd: (missing) => {
      for (const nodeId of missing) nodes.declareDead(nodeId, "it did not come back after the control store's restart");
      const tookMs = Math.round(clock.nowMs() - startedMs);
      log.info({ tookMs, expected: expected.length, missing: missing.length }, "recovery is over");
      if (expected.length > 0) events.say("head_recovered", `the control store is back after ${tookMs} ms`);
      scheduler.signal();
    },
  });
  const scheduler = new Scheduler({
    actors: actorTable,
    nodes: nodeTable,
    sessions,
    delays,
    clock,
    isFrozen: () => recovery.active,
    apply: (actorId, event) => actors.apply(actorId, event),
  });
  const requestPlacement = (delayMs = 0): void => scheduler.signal(delayMs);
  const common = { sessions, events, clock, log, requestPlacement };
  const actors = new ActorManager({ ...common, actors: actorTable, delays, ledger });
  const nodes = new NodeManager({ ...common, nodes: nodeTable, actors, recovery, epoch });
  nodes.start();
  scheduler.start();
  recovery.start();
  const stop = (): void => {
    recovery.cancel();
    scheduler.stop();
    nodes.stop();
  };
  const startMs = clock.wallMs();
  return { ...tables, sessionName, epoch, startMs, nodes, actors, sessions, scheduler, recovery, stop };
};
