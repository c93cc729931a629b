import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { GcsService } from "../protocol/gcs.ts";
import { gcsService } from "../protocol/gcs.ts";
import type { NodeRegistration } from "../protocol/node.ts";
import { agentService } from "../protocol/node.ts";
import { nodeLocalService } from "../protocol/worker.ts";
import { type Client, type LinkServer, listen, persistentClient, serveService } from "../rpc/index.ts";
import {
  type AgentDeps,
  agentImplementation,
  calledAgentImplementation,
  nodeLocalImplementation,
} from "./agent-services.ts";
import { BundleCache } from "./bundles.ts";
import { type ChildContext, dashboardSpec, gcsSpec, workerSpec } from "./child-programs.ts";
import { removeCurrentCluster, writeCurrentCluster } from "./current-cluster.ts";
import { NodeDrain } from "./drain.ts";
import { type HealthEndpoint, serveHealth } from "./health-endpoint.ts";
import { EpochGate } from "./leader/epoch-gate.ts";
import { GcsAddresses } from "./leader/gcs-addresses.ts";
import { HeadPrograms } from "./leader/head-programs.ts";
import { nodeLimits } from "./limits.ts";
import { formerDirOf, makeNodeDirs, type NodePaths, nodePaths } from "./node-paths.ts";
import type { ResolvedNodeOptions } from "./options.ts";
import { sweepOrphans } from "./processes/local-nodes.ts";
import { mayRestore, ownNiceness } from "./processes/niceness.ts";
import { bootId, readProcessStat } from "./processes/proc-stat.ts";
import { ProcessBook } from "./processes/process-book.ts";
import { refuseTakenPorts } from "./refuse-taken-ports.ts";
import { Registration } from "./registration.ts";
import { ReportQueue } from "./report-queue.ts";
import { NodeRouting } from "./routing.ts";
import { stopInOrder } from "./shutdown.ts";
import { type Child, type ChildSpec, spawnChild } from "./supervise/child-process.ts";
import { Guard } from "./supervise/guard.ts";
import { LogKeeper } from "./supervise/log-keeper.ts";
import { Watchdog } from "./watchdog.ts";
import { watchedPrograms } from "./watched-programs.ts";
import { HostedActors } from "./workers/hosted-actors.ts";
import { KeptSockets } from "./workers/kept-sockets.ts";
import { LocalRepair } from "./workers/local-repair.ts";
import { watchedWorkers } from "./workers/watched-workers.ts";
import { WorkerPool } from "./workers/worker-pool.ts";
import { WorkerProcess } from "./workers/worker-process.ts";

/** What an agent takes from its process. */
export interface NodeAgentDeps {
  readonly options: ResolvedNodeOptions;
  readonly token: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The control store stayed away for longer than the operator allows. */
  readonly onGivenUp: () => void;
  /** The control store wants the node to leave in order: `NodeAgent.leave` is to be called. */
  readonly onDrainOrdered: (reason: string, timeoutMs: number) => void;
}

/** Where a started node listens. */
export interface NodeEndpoints {
  readonly agentPort: number;
  readonly linkAddresses: { readonly unix: string; readonly tcp: string };
}

interface Listening {
  readonly endpoints: NodeEndpoints;
  readonly links: LinkServer;
  readonly health: HealthEndpoint;
  readonly book: ProcessBook;
}

/** The agent of a node: owner of every process on it. */
export class NodeAgent {
  readonly paths: NodePaths;
  readonly actors: HostedActors;
  readonly pool: WorkerPool;
  readonly routing: NodeRouting;
  readonly registration: Registration;
  readonly #deps: NodeAgentDeps;
  readonly #startMs: number;
  readonly #reports: ReportQueue;
  readonly #bundles: BundleCache;
  readonly #sockets: KeptSockets;
  readonly #repair: LocalRepair;
  readonly #watchdog: Watchdog;
  readonly #logKeeper: LogKeeper;
  readonly #guard: Guard;
  readonly #programs: HeadPrograms | undefined;
  readonly #gate = new EpochGate();
  readonly #gcsAddresses: GcsAddresses;
  readonly #drain: NodeDrain;
  readonly #niceness: { readonly waiting: number; readonly taken: number } | undefined;
  #leaving: Promise<void> | undefined;
  #listening: Listening | undefined;
  #stopping: Promise<void> | undefined;

  constructor(deps: NodeAgentDeps) {
    const { options, clock, random, log } = deps;
    this.#deps = deps;
    this.#startMs = clock.wallMs();
    this.#niceness = workerNiceness(options.idleNice);
    this.paths = nodePaths(options.tempDir, options.sessionDir, options.nodeId);
    makeNodeDirs(this.paths);
    this.#sockets = new KeptSockets(clock, log);
    const formerDir = formerDirOf(options.sessionDir, options.nodeIp, options.gcsAddresses);
    this.routing = new NodeRouting({ file: this.paths.routingFile, formerFile: join(formerDir, "routing.json") }, log);
    this.#gcsAddresses = new GcsAddresses({
      configured: options.gcsAddresses,
      files: [join(formerDir, "gcs-addresses"), this.paths.gcsAddressesFile],
      log,
      onChange: () => this.#writeCurrentCluster(),
    });
    this.#reports = new ReportQueue({ send: () => this.registration.report, clock, log });
    this.pool = new WorkerPool({
      spawn: () => this.#spawnWorker(),
      idleWorkers: options.idleWorkers,
      clock,
      random,
      log,
    });
    this.actors = new HostedActors({
      pool: this.pool,
      clock,
      log,
      onDown: (actorIds) => this.routing.down(actorIds),
      report: (event, restarts) => this.#reports.add(event, restarts),
      exitPending: (actorId, restarts) => this.#reports.exitPending(actorId, restarts),
      onLost: (record) => this.#repair.ended(record),
    });
    this.#repair = new LocalRepair({
      reachable: () => this.registration.reachable,
      exitPending: (actorId, restarts) => this.#reports.exitPending(actorId, restarts),
      repaired: (actorId, restarts) => this.#reports.repaired(actorId, restarts),
      start: (record) => this.actors.start(record),
      clock,
      random,
      log,
    });
    this.registration = this.#makeRegistration();
    const gcs: Client<GcsService> = persistentClient(this.registration.persistent, gcsService);
    this.#bundles = new BundleCache({
      dir: this.paths.bundlesDir,
      load: async (key) =>
        (await gcs.kvGet({ namespace: "bundles", key }, { timeoutMs: nodeLimits.bundleFetchTimeoutMs })).value,
      log,
    });
    this.#watchdog = new Watchdog({
      watched: () => [...watchedWorkers(this.pool, this.actors), ...watchedPrograms(this.#programs?.watched ?? [])],
      clock,
      log,
    });
    this.#logKeeper = new LogKeeper(this.paths.logsDir, clock, log);
    this.#guard = new Guard(this.paths.groupsFile, log);
    this.#programs = options.head ? this.#makePrograms() : undefined;
    this.#drain = new NodeDrain({
      nodeId: options.nodeId,
      actors: this.actors,
      registration: this.registration,
      token: deps.token,
      clock,
      log,
    });
  }

  /** Starts everything; resolves when the node listens. Rejects, with nothing left running, when it cannot. */
  async start(): Promise<NodeEndpoints> {
    const { options, clock, log } = this.#deps;
    const swept = sweepOrphans(options.tempDir);
    if (swept > 0) log.warn({ swept }, "killed processes that a dead agent left behind");
    // Sweeping may have taken a folder of ours along when ids begin alike.
    makeNodeDirs(this.paths);
    if (options.head) await refuseTakenPorts(options, clock);
    const listening = await this.#listen();
    this.#listening = listening;
    this.#gcsAddresses.save();
    this.#writeCurrentCluster();
    this.#guard.start();
    // The control store first: everybody waits for it.
    this.#programs?.gcs.start();
    this.registration.start();
    this.pool.start();
    this.#programs?.dashboard.start();
    this.#watchdog.start();
    this.#logKeeper.start();
    return listening.endpoints;
  }

  /** Whether this agent does its work; the control store's absence is no fault of ours. */
  get healthy(): boolean {
    return this.#stopping === undefined && this.#drain.state === null;
  }

  /** Whether the node's own control store leads, and where the leading one is. */
  get leadership(): { readonly leads: boolean; readonly leader: string } {
    const leader = this.registration.leader ?? "";
    return { leads: leader !== "" && leader === this.#deps.options.ownGcsAddress, leader };
  }

  /**
   * Leaves the cluster in order within `timeoutMs`: takes nothing new, lets the control plane replace its replicas
   * elsewhere first, then stops. Repeatable: the earlier deadline counts.
   */
  leave(reason: string, timeoutMs: number, hurry: AbortSignal): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping;
    this.#drain.begin(reason, timeoutMs);
    this.#leaving ??= this.#drain.moved(hurry).then(() => this.stop(reason, hurry, this.#drain.leftMs));
    return this.#leaving;
  }

  /** Stops the node in order, in a bounded time; an aborted signal cuts every grace. */
  stop(reason: string, hurry: AbortSignal, boundMs: number = nodeLimits.shutdownMs): Promise<void> {
    this.#stopping ??= this.#stop(reason, hurry, boundMs);
    return this.#stopping;
  }

  async #stop(reason: string, hurry: AbortSignal, boundMs: number): Promise<void> {
    const { clock, log, options } = this.#deps;
    this.#repair.stop();
    this.#sockets.drain();
    await stopInOrder(
      {
        actors: this.actors,
        pool: this.pool,
        registration: this.registration,
        gcs: this.#programs?.gcs,
        dashboard: this.#programs?.dashboard,
        clock,
        log,
      },
      reason,
      hurry,
      boundMs,
    );
    this.#programs?.close();
    this.#watchdog.stop();
    this.#logKeeper.stop();
    await this.routing.flushed();
    this.routing.forget();
    await this.#listening?.health.close();
    await this.#listening?.links.close();
    this.#guard.stop();
    this.#listening?.book.remove();
    if (options.head && this.#listening !== undefined)
      removeCurrentCluster(this.paths.currentClusterFile, hostPort(options.ownGcsAddress));
    rmSync(this.paths.socketsDir, { recursive: true, force: true });
    if (options.cleanSession) rmSync(this.paths.nodeDir, { recursive: true, force: true });
  }

  async #listen(): Promise<Listening> {
    const { options, token, log } = this.#deps;
    const links = await listen([`unix:${this.paths.agentSocket}`, `tcp:${options.nodeIp}:0`], {
      token,
      identity: { role: "agent", id: options.nodeId },
      log,
      onLink: (link) => {
        serveService(link, agentService, calledAgentImplementation(this.#agentDeps));
        serveService(
          link,
          nodeLocalService,
          nodeLocalImplementation({
            nodeId: options.nodeId,
            nodeIp: options.nodeIp,
            sessionDir: options.sessionDir,
            gcsAddresses: () => this.#gcsAddresses.all,
            pool: this.pool,
            bundles: this.#bundles,
            routing: this.routing,
            actors: this.actors,
            sockets: this.#sockets,
          }),
        );
      },
    });
    try {
      const health = await serveHealth({
        host: options.agentHost,
        port: options.agentPort,
        healthy: () => this.healthy,
      });
      const [unix = "", tcp = ""] = links.addresses;
      const endpoints: NodeEndpoints = { agentPort: health.port, linkAddresses: { unix, tcp } };
      return { endpoints, links, health, book: this.#openBook(health.port) };
    } catch (error) {
      await links.close();
      throw error;
    }
  }

  #openBook(agentPort: number): ProcessBook {
    const { options } = this.#deps;
    const node = {
      nodeId: options.nodeId,
      pid: process.pid,
      startTicks: readProcessStat(process.pid)?.startTicks ?? 0,
      bootId: bootId(),
      ip: options.nodeIp,
      head: options.head,
      address: hostPort(options.head ? options.ownGcsAddress : (options.gcsAddresses[0] ?? "")),
      sessionDir: options.sessionDir,
      ports: {
        agent: agentPort,
        proxy: options.proxyPort,
        gcs: options.head ? options.gcsPort : null,
        dashboard: options.head ? options.dashboardPort : null,
      },
      startMs: this.#startMs,
    };
    return new ProcessBook(this.paths, node, this.#deps.log);
  }

  #makeRegistration(): Registration {
    const { options, token, clock, random, log, onGivenUp } = this.#deps;
    return new Registration({
      nodeId: options.nodeId,
      addresses: () => this.#dialableAddresses(),
      token,
      clock,
      random,
      log,
      describe: (leads) => this.#describe(leads),
      gate: this.#gate,
      onAddresses: (addresses) => this.#gcsAddresses.learn(addresses),
      onLeader: (address) => this.#gcsAddresses.lead(address),
      agent: agentImplementation(this.#agentDeps),
      onUnwanted: (actorIds) => {
        for (const actorId of actorIds) void this.actors.leave(actorId, "nobody wants this actor any more");
      },
      onRouting: (snapshot) => void this.routing.offer(snapshot),
      onRegistered: (sessionName) => {
        this.routing.registered(sessionName);
        this.#reports.flush();
        this.#repair.reset();
      },
      ...(options.head
        ? {
            own: {
              address: options.ownGcsAddress,
              sessionName: basename(this.paths.sessionDir),
              listens: () => this.#programs?.listens === true,
            },
          }
        : {}),
      reconnectTimeoutMs: options.reconnectTimeoutMs,
      onGivenUp,
    });
  }

  get #agentDeps(): AgentDeps {
    return {
      gate: this.#gate,
      actors: this.actors,
      routing: this.routing,
      bundles: this.#bundles,
      follow: (epoch, address) => this.registration.follow(epoch, address),
      drain: (reason, timeoutMs) => this.#deps.onDrainOrdered(reason, timeoutMs),
    };
  }

  /** A head that knows of no other control store waits until its own listens. */
  async #dialableAddresses(): Promise<readonly string[]> {
    if (this.#gcsAddresses.all.length === 1) await this.#programs?.untilListening();
    return this.#gcsAddresses.all;
  }

  #describe(leads: boolean): NodeRegistration {
    const { options } = this.#deps;
    return {
      nodeId: options.nodeId,
      ip: options.nodeIp,
      name: options.nodeName,
      isHead: leads,
      resources: options.resources,
      labels: options.labels,
      addresses: this.#listening?.endpoints.linkAddresses ?? { unix: "", tcp: "" },
      agentPort: this.#listening?.endpoints.agentPort ?? options.agentPort,
      proxyPort: options.proxyPort,
      startMs: this.#startMs,
      inventory: this.actors.inventory,
      exits: this.#reports.exits,
      routingVersion: this.routing.version,
      gcsAddress: options.ownGcsAddress,
      drain: this.#drain.state,
    };
  }

  #spawnWorker(): WorkerProcess {
    const { options, token, env, clock, log } = this.#deps;
    const { boot, spec } = workerSpec({ options, paths: this.paths, token, env });
    const niceness = this.#niceness;
    return new WorkerProcess({
      workerId: boot.workerId,
      child: this.#spawn(spec),
      clock,
      log,
      ...(niceness === undefined ? {} : { niceness }),
    });
  }

  #makePrograms(): HeadPrograms {
    const { options, token, env, clock, random, log } = this.#deps;
    const context: ChildContext = { options, paths: this.paths, token, env };
    return new HeadPrograms({
      options,
      token,
      spawnGcs: () => this.#spawn(gcsSpec(context)),
      spawnSpareGcs: () => this.#spawn(gcsSpec(context, { spare: true })),
      spawnDashboard: () => this.#spawn(dashboardSpec(context)),
      clock,
      random,
      log,
    });
  }

  /** For clients on this machine, the leading control store first. */
  #writeCurrentCluster(): void {
    const { options, log } = this.#deps;
    if (!options.head || this.#stopping !== undefined) return;
    try {
      writeCurrentCluster(this.paths.currentClusterFile, this.#gcsAddresses.all.map(hostPort).join(","));
    } catch (error) {
      log.warn({ err: error }, "cannot write down where the control store is");
    }
  }

  #spawn(spec: ChildSpec): Child {
    const child = spawnChild(spec);
    this.#listening?.book.add(child);
    return child;
  }
}

/** Workers in waiting yield to what serves, where the kernel lets us take that back. */
const workerNiceness = (more: number): { waiting: number; taken: number } | undefined => {
  const taken = ownNiceness();
  return more === 0 || !mayRestore(taken) ? undefined : { taken, waiting: Math.min(taken + more, 19) };
};

const hostPort = (address: string): string => address.replace(/^tcp:/, "");
