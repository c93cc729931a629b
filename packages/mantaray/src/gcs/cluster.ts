import type { Clock } from "../base/clock.ts";
import type { NodeId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { sleep } from "../base/wait.ts";
import type { StoredTables } from "../store/index.ts";
import { ActorManager } from "./actors/actor-manager.ts";
import { RestartDelays } from "./actors/restart-delays.ts";
import type { Authority } from "./leadership.ts";
import { gcsLimits } from "./limits.ts";
import { AgentSessions } from "./nodes/agent-session.ts";
import { NodeManager } from "./nodes/node-manager.ts";
import { Scheduler } from "./placement/scheduler.ts";
import { callFollowers } from "./recovery/followers.ts";
import { Recovery } from "./recovery/recovery.ts";
import { RoutingSalvage } from "./recovery/routing-salvage.ts";
import { BundleSalvage } from "./recovery/salvage.ts";
import type { Ledger } from "./state/ledger.ts";
import { openTables, type Tables } from "./tables.ts";

/** What a cluster is built from. */
export interface ClusterOptions {
  readonly stored: StoredTables;
  readonly ledger: Ledger;
  /** The lease that this process holds. */
  readonly authority: Authority;
  readonly sessionName: string;
  /** Where this control store is dialled, `tcp:host:port`. */
  readonly address: string;
  readonly token: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The node of this control store leaves, or is cut off, and another one stands by. */
  readonly onSuccession: (reason: string) => void;
}

/** The parts of a leading control store, wired to one another: what its service answers from. */
export interface Cluster extends Tables {
  readonly sessionName: string;
  readonly authority: Authority;
  readonly address: string;
  /** Wall clock of this process's start, ms. */
  readonly startMs: number;
  readonly nodes: NodeManager;
  readonly actors: ActorManager;
  readonly sessions: AgentSessions;
  readonly scheduler: Scheduler;
  readonly recovery: Recovery;
  readonly bundles: BundleSalvage;
  readonly routingSalvage: RoutingSalvage;
  /** Resolves once it is known which names are taken. */
  readonly namesKnown: Promise<void>;
  readonly log: Log;
  stop(): void;
}

/** Fills the tables and begins the recovery. */
export const openCluster = (options: ClusterOptions): Cluster => {
  const { stored, ledger, authority, sessionName, address, token, clock, random, log, onSuccession } = options;
  const tables = openTables(stored, ledger, clock);
  const { nodeTable, actorTable, events, kv } = tables;
  const sessions = new AgentSessions();
  const delays = new RestartDelays(clock, random);
  const stopping = new AbortController();
  const startedMs = clock.nowMs();
  const expected = nodeTable.alive();
  const endRecovery = (missing: readonly NodeId[]): void => {
    for (const nodeId of missing) nodes.declareDead(nodeId, "it did not come back after the control store's restart");
    const tookMs = Math.round(clock.nowMs() - startedMs);
    log.info({ tookMs, expected: expected.length, missing: missing.length }, "recovery is over");
    if (expected.length > 0) events.say("head_recovered", `the control store is back after ${tookMs} ms`);
    scheduler.signal();
  };
  const recovery = new Recovery({ expected, clock, waitMs: limits.recoveryWaitMs, onEnd: endRecovery });
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
  const nodes = new NodeManager({ ...common, nodes: nodeTable, actors, recovery, authority, address, onSuccession });
  nodes.start();
  scheduler.start();
  recovery.start();
  const { signal } = stopping;
  void callFollowers({ nodes: expected, address, token, authority, sessions, recovery, clock, log, signal });
  const stop = (): void => {
    stopping.abort();
    recovery.cancel();
    scheduler.stop();
    nodes.stop();
  };
  const isEmpty = stored.nodes.length === 0 && stored.actors.length === 0;
  const bundles = new BundleSalvage({ kv, sessions, log });
  const routingSalvage = new RoutingSalvage({ routing: tables.routing, sessions, clock, log });
  const parts = { nodes, actors, sessions, scheduler, recovery, bundles, routingSalvage };
  const namesKnown = isEmpty ? firstHead(tables, clock, signal) : recovery.ended;
  return { ...tables, ...parts, sessionName, authority, address, startMs: clock.wallMs(), namesKnown, log, stop };
};

/** In an empty store: until a head is here, which has the controller if there is one, or it is plain that none comes. */
const firstHead = async ({ hub }: Tables, clock: Clock, signal: AbortSignal): Promise<void> => {
  const seen = new AbortController();
  const over = AbortSignal.any([signal, seen.signal]);
  const watch = async (): Promise<void> => {
    for await (const event of hub.subscribe(["nodes"], () => [], over)) {
      if (event.kind === "node" && event.node.isHead) seen.abort();
    }
  };
  await Promise.all([
    watch(),
    sleep(clock, gcsLimits.emptyStoreWaitMs, over)
      .catch(() => undefined)
      .then(() => seen.abort()),
  ]);
};
