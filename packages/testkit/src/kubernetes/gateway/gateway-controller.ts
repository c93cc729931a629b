import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { ApiAccess } from "../api/access.ts";
import { resources } from "../api/resources.ts";
import { type Clock, systemClock } from "../apiserver/clock.ts";
import { createUnlessThere } from "../controllers/objects/delete-object.ts";
import type { ServiceObject } from "../controllers/objects/types.ts";
import { writeStatus } from "../controllers/objects/write-status.ts";
import { type Informer, keyOf, keyOfObject } from "../controllers/runtime/informer.ts";
import { Informers } from "../controllers/runtime/informers.ts";
import { WorkQueue } from "../controllers/runtime/work-queue.ts";
import { apiTime } from "../kubelet/clock.ts";
import type { KubeletLog } from "../kubelet/log.ts";
import { AddressPool, clusterAddresses } from "../network/addresses.ts";
import { gatewayDefinitions } from "./gateway-crds.ts";
import { GatewayListener } from "./gateway-listener.ts";
import { gatewayStatus, type Programmed, routeStatus } from "./gateway-status.ts";
import { type TrafficRule, TrafficRules } from "./traffic-rules.ts";
import { type GatewayObject, gatewayResources, type HttpRouteObject, type HttpRouteRule } from "./types.ts";

/** The class of the Gateways that are ours: others wait for somebody else. */
export const gatewayClassName = "manta-local";

/** What the Gateways work with. */
export interface GatewayControllerOptions {
  readonly access: ApiAccess;
  /** First two numbers of the cluster's addresses. */
  readonly subnet: string;
  readonly log: KubeletLog;
  readonly clock?: Clock;
}

interface Running {
  readonly address: string;
  readonly listeners: Map<number, GatewayListener>;
}

/**
 * A small implementation of the Gateway API: HTTP listeners on an address of each Gateway's own, and HTTPRoutes that
 * divide requests among Services by weight. Routes by path only. A status is written after the listeners have what it
 * tells. https://gateway-api.sigs.k8s.io/concepts/api-overview/
 */
export class GatewayController {
  readonly #options: GatewayControllerOptions;
  readonly #clock: Clock;
  readonly #informers: Informers;
  readonly #gateways: Informer<GatewayObject>;
  readonly #routes: Informer<HttpRouteObject>;
  readonly #services: Informer<ServiceObject>;
  readonly #pool: AddressPool;
  readonly #running = new Map<string, Running>();
  readonly #queue: WorkQueue;

  /** Defines the kinds where they are not, and looks after the Gateways of `gatewayClassName`. */
  static async start(options: GatewayControllerOptions): Promise<GatewayController> {
    for (const definition of gatewayDefinitions())
      await createUnlessThere(options.access, resources.customResourceDefinitions, definition);
    return new GatewayController(options);
  }

  private constructor(options: GatewayControllerOptions) {
    const { access, subnet, log, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#pool = new AddressPool(clusterAddresses(subnet).gateways);
    this.#informers = new Informers(access);
    this.#gateways = this.#informers.of(gatewayResources.gateways);
    this.#routes = this.#informers.of(gatewayResources.httpRoutes);
    this.#services = this.#informers.of(resources.services);
    this.#queue = new WorkQueue({ name: "gateway", clock, log, reconcile: (key) => this.#reconcile(key) });
    this.#gateways.onChange(({ object }) => this.#queue.add(keyOfObject(object)));
    this.#routes.onChange(({ object, previous }) => {
      for (const route of [object, previous]) for (const key of parentsOf(route)) this.#queue.add(key);
    });
    this.#services.onChange(({ object }) => {
      for (const route of this.#routes.inNamespace(object.metadata.namespace))
        for (const key of parentsOf(route)) this.#queue.add(key);
    });
  }

  /** Ends every listener. */
  async close(): Promise<void> {
    this.#informers.close();
    await this.#queue.close();
    await Promise.all([...this.#running.keys()].map((key) => this.#end(key)));
  }

  async #reconcile(key: string): Promise<undefined> {
    const [namespace = "", name = ""] = key.split("/");
    const gateway = this.#gateways.get(namespace, name);
    const isOurs = gateway !== undefined && gateway.spec.gatewayClassName === gatewayClassName;
    if (!isOurs || gateway.metadata.deletionTimestamp !== undefined) {
      await this.#end(key);
      return undefined;
    }
    const routes = this.#routes.all().filter((route) => parentsOf(route).includes(key));
    const programmed = await this.#program(key, gateway, routes);
    const { access } = this.#options;
    const now = apiTime(this.#clock.wallMs());
    await writeStatus(
      access,
      gatewayResources.gateways,
      gateway,
      gatewayStatus(gateway, routes.length, programmed, now),
    );
    for (const route of routes) {
      const missing = (route.spec.rules ?? [])
        .flatMap(({ backendRefs = [] }) => backendRefs)
        .filter(({ name: backend }) => this.#hostOf(route, backend) === undefined)
        .map(({ name: backend }) => backend);
      await writeStatus(access, gatewayResources.httpRoutes, route, routeStatus(route, gateway, missing, now));
    }
    return undefined;
  }

  /** Listens as the Gateway says, with the rules of its routes. */
  async #program(key: string, gateway: GatewayObject, routes: readonly HttpRouteObject[]): Promise<Programmed> {
    const running = this.#running.get(key) ?? { address: this.#pool.take(), listeners: new Map() };
    this.#running.set(key, running);
    const { address, listeners } = running;
    const wanted = gateway.spec.listeners.filter(({ protocol }) => protocol === "HTTP").map(({ port }) => port);
    for (const [port, listener] of listeners) {
      if (wanted.includes(port)) continue;
      listeners.delete(port);
      await listener.close();
    }
    const rules = routes.flatMap((route) => (route.spec.rules ?? []).flatMap((rule) => this.#rulesOf(route, rule)));
    const problems: string[] = [];
    for (const port of wanted) {
      try {
        if (!listeners.has(port)) listeners.set(port, await GatewayListener.open(address, port));
        listeners.get(port)?.update(new TrafficRules(rules));
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
    return { address, problems };
  }

  #rulesOf(route: HttpRouteObject, { matches = [], backendRefs = [] }: HttpRouteRule): TrafficRule[] {
    const backends = backendRefs.map(({ name, port = 80, weight = 1 }) => ({
      host: this.#hostOf(route, name),
      port,
      weight,
    }));
    const paths = matches.length === 0 ? [undefined] : matches.map(({ path }) => path);
    return paths.map((path) => ({ path: path?.value ?? "/", exact: path?.type === "Exact", backends }));
  }

  #hostOf(route: HttpRouteObject, service: string): string | undefined {
    const spec: Service["spec"] = this.#services.get(route.metadata.namespace, service)?.spec;
    return spec?.clusterIP === "None" ? undefined : spec?.clusterIP;
  }

  async #end(key: string): Promise<void> {
    const running = this.#running.get(key);
    if (running === undefined) return;
    this.#running.delete(key);
    await Promise.all([...running.listeners.values()].map((listener) => listener.close()));
    this.#pool.release(running.address);
  }
}

const parentsOf = (route: HttpRouteObject | undefined): string[] =>
  (route?.spec.parentRefs ?? []).map(({ name, namespace }) => keyOf(namespace ?? route?.metadata.namespace, name));
