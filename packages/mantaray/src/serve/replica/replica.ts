import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { withTimeout } from "../../base/wait.ts";
import { type ReplicaArgs, type ReplicaService, replicaService } from "../../protocol/replica.ts";
import { deploymentKey } from "../../protocol/routing.ts";
import { type Implementation, serveService } from "../../rpc/index.ts";
import { type Link, streamKinds } from "../../rpc/types.ts";
import type { Application } from "../api/application.ts";
import { replicaProcess } from "../api/context.ts";
import { createHandle } from "../api/create-handle.ts";
import { type ApplicationGraph, findNode, replaceApplications } from "../api/graph.ts";
import type { RouterPool } from "../routing/index.ts";
import { Admission } from "./admission.ts";
import { handleInvoker } from "./handle-runtime.ts";
import { httpAcceptor } from "./http/http-acceptor.ts";
import type { RunOnce } from "./idempotency/run-once.ts";
import { invokeAcceptor } from "./invoke-acceptor.ts";
import { replicaLimits } from "./limits.ts";
import { LoopStall } from "./loop-stall.ts";
import type { ReplicaHost } from "./replica-host.ts";
import { ServedDeployment } from "./served-deployment.ts";
import { WebSockets } from "./websocket/web-sockets.ts";

/** What a replica is made of. */
export interface ReplicaDeps {
  readonly args: ReplicaArgs;
  readonly graph: ApplicationGraph;
  /** For the calls to other deployments; closed by `shutdown`. */
  readonly routers: RouterPool;
  /** For requests with an Idempotency-Key; closed by `shutdown`. */
  readonly runOnce?: RunOnce;
  readonly clock: Clock;
  readonly log: Log;
}

/** One copy of a deployment, serving. */
export class Replica {
  readonly #deps: ReplicaDeps;
  readonly #host: ReplicaHost;
  #args: ReplicaArgs;

  private constructor(deps: ReplicaDeps, host: ReplicaHost) {
    this.#deps = deps;
    this.#host = host;
    this.#args = deps.args;
  }

  /** Constructs the user's object, sets it up, configures it and asks once whether it is healthy. */
  static async create(deps: ReplicaDeps): Promise<Replica> {
    const { args, graph, log } = deps;
    const node = findNode(graph, args.deployment);
    const process = replicaProcess();
    const context = {
      appName: args.app,
      deployment: args.deployment,
      replicaId: args.replicaId,
      replicaTag: args.replicaId.slice(args.replicaId.lastIndexOf("#") + 1),
      servableObject: undefined as unknown,
    };
    process.replica = context;
    const bound = replaceApplications(node.args, handleMaker(deps)) as readonly unknown[];
    const served = await ServedDeployment.create(args.deployment, node.target, bound);
    context.servableObject = served.object;
    await served.reconfigure(args.userConfig);
    await served.checkHealth();
    const { requests } = process;
    const admission = new Admission(args.maxOngoingRequests);
    const { runOnce } = deps;
    const stall = new LoopStall(deps.clock);
    const webSockets = new WebSockets();
    return new Replica(deps, { appName: args.app, admission, served, requests, runOnce, stall, webSockets, log });
  }

  onLink(link: Link): void {
    const host = this.#host;
    host.admission.addLink(link);
    link.accept(streamKinds.http, httpAcceptor(host));
    link.accept(streamKinds.invoke, invokeAcceptor(host));
    serveService(link, replicaService, this.#service);
  }

  /** Refuses new requests, waits up to `graceMs` for those under way, then runs the user's `shutdown`. */
  async shutdown(graceMs: number): Promise<void> {
    const { clock, log, routers } = this.#deps;
    const { admission, served } = this.#host;
    const startMs = clock.nowMs();
    this.#host.webSockets.leave();
    try {
      await withTimeout(admission.drain(), graceMs, "the end of open requests", clock);
    } catch (error) {
      log.warn({ err: error, ongoing: admission.ongoing }, "requests are cut off: the grace is over");
    }
    const leftMs = Math.max(graceMs - (clock.nowMs() - startMs), replicaLimits.shutdownHookMsMin);
    try {
      await withTimeout(served.shutdown(), leftMs, "the deployment's shutdown", clock);
    } catch (error) {
      log.error({ err: error }, "the deployment's shutdown failed");
    }
    await routers.close(replicaLimits.routerCloseMs);
    await this.#host.runOnce?.close();
    this.#host.stall.close();
  }

  readonly #service: Implementation<ReplicaService> = {
    checkHealth: async () => {
      try {
        await this.#host.served.checkHealth();
      } catch (error) {
        throw MantaError.from(error, "user_error");
      }
      return { ongoing: this.#host.admission.ongoing };
    },
    reconfigure: async ({ userConfig, runUserReconfigure, maxOngoingRequests }) => {
      this.#host.admission.setMax(maxOngoingRequests);
      try {
        if (runUserReconfigure) await this.#host.served.reconfigure(userConfig);
      } catch (error) {
        throw MantaError.from(error, "user_error");
      }
      this.#args = { ...this.#args, userConfig, maxOngoingRequests };
      return {};
    },
    metadata: () => {
      const { ongoing, expired } = this.#host.admission;
      const life = this.#host.runOnce?.life;
      return { args: this.#args, ongoing, expired, ...(life === undefined ? {} : { life }) };
    },
  };
}

/** Turns the applications among bound arguments into handles, and dials their replicas right away. */
const handleMaker = ({ args, graph, routers, clock }: ReplicaDeps): ((application: Application) => unknown) => {
  const { requests } = replicaProcess();
  const invoke = handleInvoker({ router: (key) => routers.router(key), clock, requests });
  return (application) => {
    const deployment = graph.nameOf(application);
    if (deployment === undefined) throw new MantaError("internal", "a bound application is not in its own graph");
    routers.router(deploymentKey(args.app, deployment));
    const callable = application.deployment.target.kind === "function";
    return createHandle({ app: args.app, deployment, callable }, invoke);
  };
};
