import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { NodeId, WorkerId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { withTimeout } from "../base/wait.ts";
import { actorModules } from "../entrypoints.ts";
import type { ActorRecord, LinkAddresses } from "../protocol/actor.ts";
import type { NodeLocalService } from "../protocol/worker.ts";
import { type Client, dial, type LinkServer, type ListenOptions, listen } from "../rpc/index.ts";
import type { Link } from "../rpc/types.ts";
import type { ActorContext, ActorInstance, CreateActor } from "./actor-module.ts";
import type { AgentChannel } from "./agent-channel.ts";
import { keptSockets } from "./kept-sockets.ts";
import { workerLimits } from "./limits.ts";
import { NodeRoutingFeed } from "./routing-feed.ts";

/** What the worker knows by the time it hosts. */
export interface ActorHostDeps {
  readonly workerId: WorkerId;
  readonly nodeId: NodeId;
  readonly nodeIp: string;
  readonly sessionDir: string;
  readonly token: string;
  /** Where to listen for links of this node, `unix:/path`. */
  readonly listenAddress: string;
  readonly agent: Client<NodeLocalService>;
  /** Undefined where the process was started without one. */
  readonly channel: AgentChannel | undefined;
  readonly log: Log;
  /** The actor cannot go on. */
  readonly onFail: (error: unknown) => void;
}

/** An actor that runs in this process, and its listening sockets. */
export interface RunningActor {
  readonly addresses: LinkAddresses;
  /** Finishes what is in flight within the grace; never takes much longer. Rejects when that failed. */
  shutdown(graceMs: number, reason: string, ordered: boolean): Promise<void>;
}

/** Makes the actor of a record in this process; resolves when it can be called. Rejects with its author's error. */
export const runActor = async (actor: ActorRecord, deps: ActorHostDeps): Promise<RunningActor> => {
  const { module: moduleName, args } = actor.spec.entry;
  const createActor = await loadActorModule(moduleName);
  // Only a proxy listens for others than links; code of users gets no channel to the agent.
  const channel = moduleName === "serve-proxy" ? deps.channel : undefined;
  if (channel === undefined) deps.channel?.close();
  process.title = `ray::${actor.spec.className}`;
  const instance = await createActor(makeContext(actor, deps, channel), args);
  const links = new Set<Link>();
  const server = await listenAgain(actor, deps, {
    token: deps.token,
    identity: { role: "worker", id: actor.actorId },
    log: deps.log,
    onLink: (link) => {
      links.add(link);
      link.onClose(() => links.delete(link));
      instance.onLink(link);
    },
  });
  const [unix = "", tcp = ""] = server.addresses;
  return {
    addresses: { unix, tcp },
    shutdown: (graceMs, reason, ordered) => shutdownActor({ instance, server, links }, graceMs, reason, ordered),
  };
};

/**
 * Where the former life of an actor that was started again in place has listened, so that everybody's links come
 * back by themselves; elsewhere where that is taken, or there was none.
 */
const listenAgain = async (actor: ActorRecord, deps: ActorHostDeps, options: ListenOptions): Promise<LinkServer> => {
  if (actor.addresses !== null) {
    try {
      return await listen([actor.addresses.unix, actor.addresses.tcp], options);
    } catch (error) {
      deps.log.warn({ err: error, addresses: actor.addresses }, "the actor's former addresses are taken");
    }
  }
  return listen([deps.listenAddress, `tcp:${bracketed(deps.nodeIp)}:0`], options);
};

/** Imports the code of one kind of actor. */
export const loadActorModule = async (name: string): Promise<CreateActor> => {
  const url = actorModules[name];
  if (url === undefined) {
    const known = Object.keys(actorModules).join(", ");
    throw new MantaError("invalid_argument", `entry.module must be one of ${known}, got ${JSON.stringify(name)}`);
  }
  const loaded = (await import(url.href)) as { createActor?: CreateActor };
  if (typeof loaded.createActor !== "function") {
    throw new MantaError("internal", `actor module ${name} has no export createActor`);
  }
  return loaded.createActor;
};

const makeContext = (actor: ActorRecord, deps: ActorHostDeps, channel: AgentChannel | undefined): ActorContext => {
  const log = deps.log.child({ actorId: actor.actorId, className: actor.spec.className });
  const routing = new NodeRoutingFeed(log);
  void routing.follow(deps.agent);
  return {
    actor,
    actorId: actor.actorId,
    nodeId: deps.nodeId,
    nodeIp: deps.nodeIp,
    workerId: deps.workerId,
    sessionDir: deps.sessionDir,
    token: deps.token,
    log,
    clock: systemClock,
    routing,
    ...(channel === undefined ? {} : { sockets: keptSockets(deps.agent, channel) }),
    connect: async (target) => {
      const address = target.nodeId === deps.nodeId ? target.addresses.unix : target.addresses.tcp;
      const link = await dial(address, { token: deps.token, identity: { role: "worker", id: actor.actorId }, log });
      // The port of a dead actor may have become another one's.
      if (target.actorId === undefined || link.peer.id === target.actorId) return link;
      link.close("another actor listens here");
      throw new MantaError("unavailable", `actor ${target.actorId} does not listen on ${address} any more`);
    },
    gcsAddresses: async () => (await deps.agent.gcsAddresses({})).addresses,
    fetchBundle: async (bundleId) => (await deps.agent.fetchBundle({ bundleId }, { timeoutMs: 60_000 })).path,
    fail: deps.onFail,
  };
};

const shutdownActor = async (
  parts: { instance: ActorInstance; server: LinkServer; links: ReadonlySet<Link> },
  graceMs: number,
  reason: string,
  ordered: boolean,
): Promise<void> => {
  try {
    await withTimeout(
      parts.instance.shutdown(graceMs, reason, ordered),
      graceMs + workerLimits.shutdownSlackMs,
      "the shutdown of the actor",
    );
  } finally {
    // The last answers may still be in our buffers.
    const drained = Promise.all([...parts.links].map((link) => link.drain()));
    await withTimeout(drained, workerLimits.linkDrainMs, "the last frames").catch(() => undefined);
    await withTimeout(parts.server.close(), workerLimits.linkDrainMs, "closing the sockets").catch(() => undefined);
  }
};

/** An address of version 6 needs brackets in front of a port. */
const bracketed = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip);
