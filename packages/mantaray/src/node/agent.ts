import { rmSync } from "node:fs";
import { basename } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { waitFor } from "../base/wait.ts";
import type { GcsService } from "../protocol/gcs.ts";
import { gcsService } from "../protocol/gcs.ts";
import type { NodeRegistration } from "../protocol/node.ts";
import { nodeLocalService } from "../protocol/worker.ts";
import { type Client, type LinkServer, listen, persistentClient, serveService } from "../rpc/index.ts";
import { agentImplementation, nodeLocalImplementation } from "./agent-services.ts";
import { BundleCache } from "./bundles.ts";
import { type ChildContext, dashboardSpec, gcsSpec, workerSpec } from "./child-programs.ts";
import { removeCurrentCluster, writeCurrentCluster } from "./current-cluster.ts";
import { type HealthEndpoint, serveHealth } from "./health-endpoint.ts";
import { nodeLimits } from "./limits.ts";
import { makeNodeDirs, type NodePaths, nodePaths } from "./node-paths.ts";
import type { ResolvedNodeOptions } from "./options.ts";
import { sweepOrphans } from "./processes/local-nodes.ts";
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
import { Supervisor } from "./supervise/supervisor.ts";
import { Watchdog } from "./watchdog.ts";
import { pingHttp, type WatchedProgram, watchedPrograms } from "./watched-programs.ts";
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
  readonly #programs: Supervisor[];
  #listening: Listening | undefined;
  #stopping: Promise<void> | undefined;

  constructor(deps: NodeAgentDeps) {
    const { options, clock, random, log } = deps;
    this.#deps = deps;
    this.#startMs = clock.wallMs();
    this.paths = nodePaths(options.tempDir, options.sessionDir, options.nodeId);
    makeNodeDirs(this.paths);
    this.#sockets = new KeptSockets(clock, log);
    this.routing = new NodeRouting(this.paths.routingFile, log);
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
      registered: () => this.registration.report !== undefined,
      exitPending: (actorId, restarts) => this.#reports.exitPending(actorId, restarts),
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
      watched: () => [...watchedWorkers(this.pool, this.actors), ...watchedPrograms(this.#watchablePrograms(gcs))],
      clock,
      log,
    });
    this.#logKeeper = new LogKeeper(this.paths.logsDir, clock, log);
    this.#guard = new Guard(this.paths.groupsFile, log);
    const context: ChildContext = { options, paths: this.paths, token: deps.token, env: deps.env };
    this.#programs = options.head
      ? [gcsSpec(context), dashboardSpec(context)].map((spec) => this.#supervise(spec))
      : [];
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
    if (options.head) writeCurrentCluster(this.paths.currentClusterFile, this.#gcsAddress);
    this.#guard.start();
    // The control store first: everybody waits for it.
    const [gcs, ...others] = this.#programs;
    gcs?.start();
    this.registration.start();
    this.pool.start();
    for (const program of others) program.start();
    this.#watchdog.start();
    this.#logKeeper.start();
    return listening.endpoints;
  }

  /** Whether this agent does its work; the control store's absence is no fault of ours. */
  get healthy(): boolean {
    return this.#stopping === undefined;
  }

  /** Stops the node in order, in a bounded time; an aborted signal cuts every grace. */
  stop(reason: string, hurry: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(reason, hurry);
    return this.#stopping;
  }

  async #stop(reason: string, hurry: AbortSignal): Promise<void> {
    const { clock, log, options } = this.#deps;
    const [gcs, dashboard] = this.#programs;
    this.#sockets.drain();
    await stopInOrder(
      { actors: this.actors, pool: this.pool, registration: this.registration, gcs, dashboard, clock, log },
      reason,
      hurry,
    );
    this.#repair.stop();
    this.#watchdog.stop();
    this.#logKeeper.stop();
    await this.routing.flushed();
    await this.#listening?.health.close();
    await this.#listening?.links.close();
    this.#guard.stop();
    this.#listening?.book.remove();
    if (options.head && this.#listening !== undefined)
      removeCurrentCluster(this.paths.currentClusterFile, this.#gcsAddress);
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
        serveService(
          link,
          nodeLocalService,
          nodeLocalImplementation({
            nodeId: options.nodeId,
            nodeIp: options.nodeIp,
            sessionDir: options.sessionDir,
            gcsAddresses: options.gcsAddresses,
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
    return new ProcessBook(this.paths, {
      nodeId: options.nodeId,
      pid: process.pid,
      startTicks: readProcessStat(process.pid)?.startTicks ?? 0,
      bootId: bootId(),
      ip: options.nodeIp,
      head: options.head,
      address: this.#gcsAddress,
      sessionDir: options.sessionDir,
      ports: {
        agent: agentPort,
        proxy: options.proxyPort,
        gcs: options.head ? options.gcsPort : null,
        dashboard: options.head ? options.dashboardPort : null,
      },
      startMs: this.#startMs,
    });
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
      describe: () => this.#describe(),
      agent: agentImplementation({ actors: this.actors, routing: this.routing }),
      onUnwanted: (actorIds) => {
        for (const actorId of actorIds) void this.actors.kill(actorId, "KILLED", "nobody wants this actor any more");
      },
      onRouting: (snapshot) => void this.routing.offer(snapshot),
      onRegistered: () => {
        this.#reports.flush();
        this.#repair.reset();
      },
      ...(options.head ? { ownSession: basename(this.paths.sessionDir) } : {}),
      reconnectTimeoutMs: options.reconnectTimeoutMs,
      onGivenUp,
    });
  }

  /** A head waits until its own control store listens: dialling before only makes the back-off grow. */
  async #dialableAddresses(): Promise<readonly string[]> {
    const { clock, options } = this.#deps;
    const [gcs] = this.#programs;
    if (gcs !== undefined) {
      const look = {
        clock,
        timeoutMs: nodeLimits.gcsLookMaxMs,
        intervalMs: nodeLimits.gcsLookMs,
        what: "the control store",
      };
      await waitFor(() => gcs.child?.hasSpoken, look).catch(() => undefined);
    }
    return options.gcsAddresses;
  }

  #describe(): NodeRegistration {
    const { options } = this.#deps;
    return {
      nodeId: options.nodeId,
      ip: options.nodeIp,
      name: options.nodeName,
      isHead: options.head,
      resources: options.resources,
      labels: options.labels,
      addresses: this.#listening?.endpoints.linkAddresses ?? { unix: "", tcp: "" },
      agentPort: this.#listening?.endpoints.agentPort ?? options.agentPort,
      proxyPort: options.proxyPort,
      startMs: this.#startMs,
      inventory: this.actors.inventory,
      exits: this.#reports.exits,
      routingVersion: this.routing.version,
      gcsAddress: options.head ? (options.gcsAddresses[0] ?? "") : "",
      drain: null,
    };
  }

  #spawnWorker(): WorkerProcess {
    const { options, token, env, clock, log } = this.#deps;
    const { boot, spec } = workerSpec({ options, paths: this.paths, token, env });
    return new WorkerProcess({ workerId: boot.workerId, child: this.#spawn(spec), clock, log });
  }

  #watchablePrograms(gcs: Client<GcsService>): readonly WatchedProgram[] {
    const { options } = this.#deps;
    const [store, dashboard] = this.#programs;
    return [
      { child: store?.child, ping: () => gcs.ping({}, { timeoutMs: nodeLimits.programPingTimeoutMs }) },
      { child: dashboard?.child, ping: () => pingHttp(options.dashboardHost, options.dashboardPort) },
    ];
  }

  #supervise(spec: ChildSpec): Supervisor {
    const { clock, random, log } = this.#deps;
    return new Supervisor({ name: spec.name, spawn: () => this.#spawn(spec), clock, random, log });
  }

  #spawn(spec: ChildSpec): Child {
    const child = spawnChild(spec);
    this.#listening?.book.add(child);
    return child;
  }

  /** `host:port` of the control store. */
  get #gcsAddress(): string {
    return (this.#deps.options.gcsAddresses[0] ?? "").replace(/^tcp:/, "");
  }
}
