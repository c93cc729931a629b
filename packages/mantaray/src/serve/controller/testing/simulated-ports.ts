import { MantaError } from "../../../base/errors.ts";
import { type ActorRecord, actorSpecSchema } from "../../../protocol/actor.ts";
import type { ControllerGcs, ControllerPorts } from "../ports.ts";
import type { CrashPlan } from "./crash-plan.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** What the ports of one incarnation of the controller act on. */
export interface SimulatedPortsOptions {
  readonly cluster: SimulatedCluster;
  readonly crashes: () => CrashPlan;
  /** This incarnation lives. */
  readonly alive: () => boolean;
  /** Ends this incarnation as SIGKILL does. */
  readonly crash: () => void;
  /** Replicas that do not answer their health checks. */
  readonly sick: ReadonlySet<string>;
  /** Replicas that cannot be reached from the controller. */
  readonly unreachable: ReadonlySet<string>;
  readonly build: ControllerPorts["builds"]["build"];
  readonly onReconfigured: (name: string) => void;
}

/** Calls of a controller that is dead reach nobody and are never answered. */
export const simulatedPorts = (options: SimulatedPortsOptions): ControllerPorts => {
  const { cluster, crashes, alive, crash } = options;
  const call = async <T>(work: () => T): Promise<T> => {
    if (!alive()) return never();
    try {
      const result = await cluster.call(() => {
        if (!alive()) throw new MantaError("canceled", "the caller is dead");
        return work();
      });
      return alive() ? result : await never();
    } catch (error) {
      if (alive()) throw error;
      return never();
    }
  };
  /** A call that changes something: a point at which the controller may die. */
  const act = <T>(what: string, work: () => T): Promise<T> => {
    if (!alive()) return never();
    const fate = crashes().next(what);
    if (fate !== "before") {
      return call(() => {
        if (cluster.refuse !== undefined) throw cluster.refuse;
        const result = work();
        if (fate === "after") crash();
        return result;
      });
    }
    crash();
    return never();
  };
  const reach = (actor: ActorRecord): void => {
    if (options.unreachable.has(actor.spec.name)) throw new MantaError("link_lost", "no route");
    if (!cluster.runs(actor.actorId)) throw new MantaError("link_lost", "gone");
  };
  const answer = (actor: ActorRecord): number => {
    reach(actor);
    if (options.sick.has(actor.spec.name)) throw new MantaError("user_error", "sick");
    return 0;
  };
  return {
    gcs: simulatedGcs(cluster, call, act),
    replicas: {
      checkHealth: (actor) => call(() => answer(actor)),
      reconfigure: (actor) =>
        act("reconfigure", () => {
          reach(actor);
          options.onReconfigured(actor.spec.name);
        }),
      userConfig: () => call(() => null),
    },
    proxies: {
      checkHealth: (actor) =>
        call(() => {
          answer(actor);
          const draining = cluster.drainingProxies.has(actor.spec.name);
          return { draining, routesReady: true, routingVersion: 1, connections: 0, ongoing: 0, port: 8_000 };
        }),
      setDraining: (actor, draining) =>
        act("setDraining", () => {
          reach(actor);
          if (draining) cluster.drainingProxies.add(actor.spec.name);
          else cluster.drainingProxies.delete(actor.spec.name);
        }),
    },
    builds: {
      build: (request) => act("build", () => options.build(request)).then((built) => built),
      prune: () => call(() => undefined),
    },
  };
};

type Call = <T>(work: () => T) => Promise<T>;
type Act = <T>(what: string, work: () => T) => Promise<T>;

const simulatedGcs = (cluster: SimulatedCluster, call: Call, act: Act): ControllerGcs => ({
  createActor: ({ spec }) => act("createActor", () => ({ actor: cluster.create(actorSpecSchema.parse(spec)) })),
  killActor: ({ actorId }) => act("killActor", () => (cluster.die(actorId, { kind: "KILLED", message: "killed" }), {})),
  removeActor: ({ actorId, graceMs }) => act("removeActor", () => (cluster.remove(actorId, graceMs), {})),
  getActor: ({ name }) =>
    call(() => {
      const named = [...cluster.actors.values()].filter((actor) => actor.spec.name === name);
      const actor = named.find((candidate) => candidate.state !== "DEAD") ?? named.at(-1);
      if (actor === undefined) throw new MantaError("not_found", `no actor ${name}`);
      return { actor };
    }),
  listActors: ({ actorIds }) =>
    call(() => {
      if (cluster.listRefused) throw new MantaError("unavailable", "nobody knows");
      return { actors: [...cluster.actors.values()].filter((actor) => actorIds?.includes(actor.actorId) ?? true) };
    }),
  kvPut: (request) => act("kvPut", () => (cluster.kv.set(keyOf(request), request.value), { added: true })),
  kvGet: (request) => call(() => ({ value: cluster.kv.get(keyOf(request)) ?? null })),
  kvDelete: (request) => act("kvDelete", () => ({ deleted: cluster.kv.delete(keyOf(request)) })),
  kvKeys: () => call(() => ({ keys: [] })),
  putRouting: ({ snapshot }) => act("putRouting", () => (cluster.putRouting(snapshot), {})),
  getRouting: () => call(() => ({ snapshot: cluster.routing })),
  subscribe: (_request, options) => cluster.subscribe(options?.signal),
  reportEvent: ({ event }) => call(() => (cluster.events.push(event.kind), {})),
  ping: () =>
    call(() => ({
      sessionName: "s",
      version: "0",
      startMs: 0,
      recovering: false,
      role: "leader",
      epoch: 1,
      leader: "",
      store: { available: true, reason: "" },
    })),
});

const keyOf = (request: { namespace: string; key: string }): string => `${request.namespace}/${request.key}`;

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
