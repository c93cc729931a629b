import type { Log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { type ProxyService, proxyArgsSchema, proxyService } from "../../protocol/proxy.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import { type Implementation, serveService } from "../../rpc/index.ts";
import type { ActorContext, ActorInstance, CreateActor, KeptSockets } from "../../worker/actor-module.ts";
import { createRouterPool, type RouterPool } from "../routing/index.ts";
import { createHttpFront, type HttpFront } from "./http/front.ts";
import { proxyLimits } from "./limits.ts";
import { listenFront } from "./listen.ts";
import { ProxyCore } from "./proxy-core.ts";
import { type ProxyEnv, readProxyEnv } from "./proxy-env.ts";
import { responsesOf } from "./proxy-stats.ts";

/**
 * The proxy of one node: HTTP in, links to replicas out. It needs nobody but its node's agent, and that
 * only for newer routes: it serves for ever on what it last knew.
 */
export const createActor: CreateActor = async (context, args) => {
  const { host, port, isHead } = proxyArgsSchema.parse(args);
  const { clock, log, routing } = context;
  const env = readProxyEnv(process.env);
  const pool = createPool(context, env);
  const core = new ProxyCore({ pool, clock, isHead });
  const front = createHttpFront({
    dispatch: (exchange) => core.dispatch(exchange),
    log,
    limits: { lameDuckMs: env.lameDuckMs },
  });
  const update = (snapshot: RoutingSnapshot): void => {
    front.setKeepAlive(snapshot.http.keepAliveTimeoutMs);
    core.update(snapshot);
  };
  if (routing.snapshot !== undefined) update(routing.snapshot);
  const unsubscribe = [routing.onSnapshot(update), routing.onDown((actorIds) => pool.down(actorIds))];
  const sockets = port === 0 ? undefined : context.sockets;
  await listenFront(front, { host, port, sockets }, clock);
  log.info({ host, port: front.port }, "the proxy listens");
  return {
    onLink: (link) => serveService(link, proxyService, serve(core, pool, front)),
    // The clients' connections end, each after its answer; the links go last.
    shutdown: async (graceMs, _reason, ordered) => {
      const drainEndMs = clock.nowMs() + graceMs * proxyLimits.drainShare;
      await leave({ core, front, sockets, log }, () => drainEndMs - clock.nowMs(), ordered !== false);
      for (const stop of unsubscribe) stop();
      await pool.close(graceMs * (1 - proxyLimits.drainShare));
    },
  } satisfies ActorInstance;
};

/**
 * Ends the front. For good: readiness fails first, and the agent closes its copy of the socket just before we close
 * ours. Where the proxy comes back in another process, that one listens before we stop, on the same socket, and
 * nobody outside has to know.
 */
const leave = async (
  parts: { core: ProxyCore; front: HttpFront; sockets: KeptSockets | undefined; log: Log },
  leftMs: () => number,
  forGood: boolean,
): Promise<void> => {
  const { core, front, sockets, log } = parts;
  if (!forGood && sockets !== undefined) {
    try {
      await sockets.handOver(leftMs() * proxyLimits.handOverShare);
      log.info("the next proxy listens on the same socket");
      await front.drain({ graceMs: leftMs(), handedOver: true });
      return;
    } catch (error) {
      log.warn({ err: error }, "nobody takes this proxy's place: it drains");
    }
  }
  core.draining = true;
  const release = sockets === undefined ? {} : { beforeStopListening: () => sockets.release() };
  await front.drain({ graceMs: leftMs(), ...release });
};

const createPool = (context: ActorContext, { preferLocal }: ProxyEnv): RouterPool =>
  createRouterPool({
    nodeId: context.nodeId,
    preferLocal,
    connect: (replica) => context.connect(replica),
    clock: context.clock,
    random: systemRandom,
    log: context.log,
  });

const serve = (core: ProxyCore, pool: RouterPool, front: HttpFront): Implementation<ProxyService> => ({
  checkHealth: () => ({
    draining: core.draining,
    routesReady: core.routesReady,
    routingVersion: pool.version,
    connections: front.stats.connections,
    ongoing: core.stats.ongoing,
    port: front.port,
  }),
  setDraining: ({ draining }) => {
    core.draining = draining;
    front.setLameDuck(draining);
    return {};
  },
  stats: () => ({
    deployments: Object.fromEntries(
      [...pool.routers].map(({ key, queued, ongoing, counters }) => [key, { queued, ongoing, counters }]),
    ),
    responses: responsesOf(core.stats),
  }),
});
