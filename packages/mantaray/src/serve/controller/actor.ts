/** Actor module "serve-controller": wires the controller to its cluster and serves its calls. */
import { join } from "node:path";
import { type Cluster, connect } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import { systemRandom } from "../../base/random.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { controllerService } from "../../protocol/controller.ts";
import { proxyService } from "../../protocol/proxy.ts";
import { replicaService } from "../../protocol/replica.ts";
import type { Service } from "../../protocol/service.ts";
import { type Client, createClient, serveService } from "../../rpc/index.ts";
import type { ActorContext, CreateActor } from "../../worker/actor-module.ts";
import { Builder, searchPathsOf } from "../build/index.ts";
import { bundleStore } from "./bundle-store.ts";
import { Controller } from "./controller.ts";
import { controllerCalls } from "./controller-calls.ts";
import { readControllerEnv } from "./env.ts";
import type { ControllerPorts } from "./ports.ts";
import { Shutdown } from "./shutdown.ts";

/**
 * Starts the controller. It is ready when it has read its checkpoint; calls wait until it knows the
 * cluster. Its end changes nothing: whatever serves goes on, and the next controller takes over.
 */
export const createActor: CreateActor = async (context) => {
  const { log, clock, token } = context;
  const { nodeId, workerId, actorId } = context;
  const self = { ...context.actor, nodeId, workerId, pid: process.pid };
  const cluster = await connect({
    findAddresses: () => context.gcsAddresses(),
    token,
    log,
    // Names the process, not only the actor: the control store fences one that was replaced.
    identity: { role: "worker", id: `${self.actorId}:${self.restarts}:${self.workerId}` },
  });
  const ports = makePorts(context, cluster);
  const controller = new Controller({
    ports,
    clock,
    random: systemRandom,
    log,
    env: readControllerEnv(process.env),
    self: { actorId, workerId, restarts: self.restarts },
    // In the tables it is dead already: its process follows.
    onFenced: (error) => context.fail(error),
  });
  const shutdown = new Shutdown({ controller, gcs: ports.gcs, self: actorId, clock, log });
  await controller.start();
  const resume = async (): Promise<void> => {
    await controller.recovered;
    await shutdown.resume();
  };
  resume().catch((error: unknown) => context.fail(MantaError.from(error)));
  const calls = controllerCalls({ controller, shutdown, self, clock, log });
  return {
    onLink: (link) => serveService(link, controllerService, calls),
    shutdown: async () => {
      controller.close();
      await cluster.close();
    },
  };
};

const makePorts = (context: ActorContext, cluster: Cluster): ControllerPorts => {
  const client = async <S extends Service>(actor: ActorRecord, service: S): Promise<Client<S>> =>
    createClient(await cluster.link(actor), service);
  const builder = new Builder({
    outDir: join(context.sessionDir, "builds"),
    searchPaths: searchPathsOf(process.env, process.cwd()),
    clock: context.clock,
    env: process.env,
  });
  return {
    gcs: cluster.gcs,
    replicas: {
      checkHealth: async (actor, timeoutMs) =>
        (await (await client(actor, replicaService)).checkHealth({}, { timeoutMs })).ongoing,
      reconfigure: async (actor, change, timeoutMs) => {
        await (await client(actor, replicaService)).reconfigure(change, { timeoutMs });
      },
      userConfig: async (actor, timeoutMs) =>
        (await (await client(actor, replicaService)).metadata({}, { timeoutMs })).args.userConfig,
    },
    proxies: {
      checkHealth: async (actor, timeoutMs) => (await client(actor, proxyService)).checkHealth({}, { timeoutMs }),
      setDraining: async (actor, draining, timeoutMs) => {
        await (await client(actor, proxyService)).setDraining({ draining }, { timeoutMs });
      },
    },
    builds: bundleStore({ builder, gcs: cluster.gcs, log: context.log }),
  };
};
