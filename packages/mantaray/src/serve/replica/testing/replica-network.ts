import { systemClock } from "../../../base/clock.ts";
import { newActorId, newNodeId } from "../../../base/ids.ts";
import { silentLog } from "../../../base/log.ts";
import { seededRandom } from "../../../base/random.ts";
import type { ReplicaArgs } from "../../../protocol/replica.ts";
import { deploymentKey, type RoutingReplica, type RoutingSnapshot } from "../../../protocol/routing.ts";
import { linkPair } from "../../../rpc/index.ts";
import type { Link } from "../../../rpc/types.ts";
import type { Application } from "../../api/application.ts";
import { type ApplicationGraph, extractGraph, type GraphNode } from "../../api/graph.ts";
import { createRouterPool, type RouterPool } from "../../routing/index.ts";
import { Replica } from "../replica.ts";

/** What a test changes of one deployment. */
export type NetworkOverride = Partial<ReplicaArgs> & { readonly retryNonIdempotent?: boolean };

interface Running {
  readonly info: RoutingReplica;
  readonly replica: Replica;
  readonly routers: RouterPool;
  /** Far ends of the links to it. */
  readonly links: Link[];
}

const app = "test";

/** One application in one process: real replicas and routers, joined by links in memory. */
export class ReplicaNetwork {
  readonly #graph: ApplicationGraph;
  readonly #overrides: Readonly<Record<string, NetworkOverride>>;
  readonly #nodeId = newNodeId();
  readonly #running: Running[] = [];
  #version = 0;

  private constructor(graph: ApplicationGraph, overrides: Readonly<Record<string, NetworkOverride>>) {
    this.#graph = graph;
    this.#overrides = overrides;
  }

  /** Starts one replica of each deployment, callees first. `overrides` by deployment name. */
  static async start(
    application: Application,
    overrides: Readonly<Record<string, NetworkOverride>> = {},
  ): Promise<ReplicaNetwork> {
    const network = new ReplicaNetwork(extractGraph(application), overrides);
    for (const node of network.#graph.nodes.toReversed()) await network.add(node.name);
    return network;
  }

  /** One more replica of a deployment. */
  async add(deployment: string): Promise<Replica> {
    const node = this.#graph.nodes.find(({ name }) => name === deployment)!;
    const routers = createRouterPool({
      nodeId: this.#nodeId,
      preferLocal: false,
      connect: (target) => this.#connect(target),
      clock: systemClock,
      random: seededRandom(1),
      log: silentLog,
    });
    const args = this.#argsOf(node, `SERVE_REPLICA::${app}#${deployment}#abcd000${this.#running.length}`);
    const replica = await Replica.create({ args, graph: this.#graph, routers, clock: systemClock, log: silentLog });
    const info: RoutingReplica = {
      replicaId: args.replicaId,
      actorId: newActorId(),
      nodeId: this.#nodeId,
      addresses: { unix: "unix:/none", tcp: "tcp:none:1" },
    };
    this.#running.push({ info, replica, routers, links: [] });
    this.#publish();
    return replica;
  }

  /** Opens a link to a deployment's first replica, as a proxy would. */
  link(deployment: string): Promise<Link> {
    return this.#linkTo(this.#find(deployment));
  }

  replica(deployment: string): Replica {
    return this.#find(deployment).replica;
  }

  /** Breaks all links to a deployment's first replica, as its death would, and takes it out of the routes. */
  kill(deployment: string): void {
    const found = this.#find(deployment);
    this.#running.splice(this.#running.indexOf(found), 1);
    for (const link of found.links) link.close("killed");
    this.#publish();
  }

  async close(): Promise<void> {
    for (const { routers, links } of this.#running) {
      await routers.close(0);
      for (const link of links) link.close();
    }
  }

  #find(deployment: string): Running {
    const found = this.#running.find(({ info }) => info.replicaId.includes(`#${deployment}#`));
    if (found === undefined) throw new Error(`no deployment ${deployment}`);
    return found;
  }

  async #connect(target: RoutingReplica): Promise<Link> {
    const found = this.#running.find(({ info }) => info.actorId === target.actorId);
    if (found === undefined) throw new Error(`no replica ${target.replicaId}`);
    return this.#linkTo(found);
  }

  async #linkTo(running: Running): Promise<Link> {
    const [near, far] = await linkPair();
    running.replica.onLink(far);
    running.links.push(far);
    return near;
  }

  #argsOf({ name, options }: GraphNode, replicaId: string): ReplicaArgs {
    return {
      replicaId,
      app,
      deployment: name,
      bundleId: "none",
      exportName: "app",
      builderArgs: {},
      version: "1",
      userConfig: options["user_config"] ?? null,
      maxOngoingRequests: 5,
      shutdownWaitLoopMs: 2_000,
      routePrefix: "/",
      ...this.#overrides[name],
    };
  }

  #publish(): void {
    this.#version += 1;
    const deployments: RoutingSnapshot["deployments"] = {};
    for (const { name } of this.#graph.nodes) {
      const override = this.#overrides[name];
      deployments[deploymentKey(app, name)] = {
        app,
        deployment: name,
        available: true,
        maxOngoingRequests: override?.maxOngoingRequests ?? 5,
        maxQueuedRequests: -1,
        retryNonIdempotent: override?.retryNonIdempotent ?? false,
        replicas: this.#running.map(({ info }) => info).filter(({ replicaId }) => replicaId.includes(`#${name}#`)),
      };
    }
    const http = { requestTimeoutMs: null, keepAliveTimeoutMs: 90_000, rootPath: "" };
    const snapshot: RoutingSnapshot = { version: this.#version, http, routes: [], deployments };
    for (const { routers } of this.#running) routers.update(snapshot);
  }
}
