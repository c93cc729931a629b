import type { Clock, Timer } from "../../base/clock.ts";
import { deploymentKey, type RoutingSnapshot } from "../../protocol/routing.ts";
import { type Router, type RouterPool, RouteTable } from "../routing/index.ts";
import { notFoundText, ownResponse } from "./failure-response.ts";
import type { HttpExchange } from "./http/exchange.ts";
import { HttpRequest } from "./http-request.ts";
import { proxyLimits } from "./limits.ts";
import { newProxyStats } from "./proxy-stats.ts";
import { isIdempotent } from "./repeatable.ts";
import { newRequestFields, readRequestFields } from "./request-fields.ts";
import { RequestIds } from "./request-id.ts";
import { timeoutOf } from "./request-timeout.ts";

/** What a `ProxyCore` is made with. */
export interface ProxyCoreDeps {
  readonly pool: RouterPool;
  readonly clock: Clock;
  /** The head's proxy is healthy without a replica. */
  readonly isHead: boolean;
}

/** A route with everything a request of it needs, made once a snapshot. */
interface ProxyRoute {
  readonly prefix: string;
  readonly prefixBytes: Uint8Array;
  readonly app: string;
  readonly key: string;
  readonly router: Router;
}

/** What the health route and the route list say (reference 4.3). */
const health = {
  ok: "success",
  draining: "This node is being drained.",
  noRoutes: "Route table is not populated yet.",
  noReplicas: "No replicas are available yet.",
} as const;

/**
 * Decides about every request of this proxy: its own routes, the application's, or a refusal. It works from
 * the newest snapshot it was given, for ever, and asks nobody.
 */
export class ProxyCore {
  readonly stats = newProxyStats();
  readonly #deps: ProxyCoreDeps;
  readonly #fields = newRequestFields();
  readonly #ids = new RequestIds();
  readonly #waiting = new Set<HttpExchange>();
  #waitTimer: Timer | undefined;
  #routes: RouteTable<ProxyRoute> | undefined;
  #requestTimeoutMs: number | null = null;
  #hasReplicas = false;
  draining = false;

  constructor(deps: ProxyCoreDeps) {
    this.#deps = deps;
  }

  get routesReady(): boolean {
    return this.#routes !== undefined;
  }

  update(snapshot: RoutingSnapshot): void {
    const { pool } = this.#deps;
    pool.update(snapshot);
    const old = this.#routes?.routes ?? [];
    const routes = snapshot.routes.map(({ prefix, app, deployment }): ProxyRoute => {
      const key = deploymentKey(app, deployment);
      return { prefix, prefixBytes: Buffer.from(prefix), app, key, router: pool.router(key) };
    });
    this.#routes = new RouteTable(routes);
    this.#requestTimeoutMs = snapshot.http.requestTimeoutMs;
    this.#hasReplicas = Object.values(snapshot.deployments).some(({ replicas }) => replicas.length > 0);
    const kept = new Set(routes.map(({ key }) => key));
    pool.release(old.map(({ key }) => key).filter((key) => !kept.has(key)));
    this.#serveWaiting();
  }

  /** One request, its head complete. */
  dispatch(exchange: HttpExchange): void {
    const { path } = exchange;
    if (path === "/-/healthz") this.#answerHealth(exchange);
    else if (path === "/-/routes") this.#answerRoutes(exchange);
    else if (this.#routes === undefined) this.#awaitRoutes(exchange);
    else this.#route(exchange, this.#routes);
  }

  #route(exchange: HttpExchange, routes: RouteTable<ProxyRoute>): void {
    const route = routes.match(exchange.path);
    const fields = this.#fields;
    readRequestFields(exchange.headText, fields);
    const requestId = this.#ids.of(fields.requestId);
    if (route === undefined) {
      this.#respond(exchange, 404, notFoundText(exchange.path), requestId);
      return;
    }
    const { router, prefixBytes: routePrefix } = route;
    const repeatable = isIdempotent(exchange.method) || fields.hasIdempotencyKey || router.retryNonIdempotent;
    // What it becomes after an upgrade lasts for as long as both sides like.
    const timeoutMs = exchange.upgrade ? 0 : timeoutOf(fields.timeoutSeconds, this.#requestTimeoutMs);
    const deadlineMs = timeoutMs === 0 ? 0 : this.#deps.clock.nowMs() + timeoutMs;
    const { stats } = this;
    const { ignoreDisconnect } = fields;
    const keyed = fields.hasIdempotencyKey && router.idempotent && !isIdempotent(exchange.method);
    router.dispatch(
      new HttpRequest(exchange, {
        routePrefix,
        requestId,
        repeatable,
        ignoreDisconnect,
        keyed,
        timeoutMs,
        deadlineMs,
        backpressure: router.backpressure,
        stats,
      }),
    );
  }

  /** Why this proxy should get no traffic, if it should not. */
  #unhealthy(): string | undefined {
    if (this.draining) return health.draining;
    if (this.#routes === undefined) return health.noRoutes;
    return this.#hasReplicas || this.#deps.isHead ? undefined : health.noReplicas;
  }

  #answerHealth(exchange: HttpExchange): void {
    const reason = this.#unhealthy();
    const { status, body, fields } = ownResponse(
      reason === undefined ? 200 : 503,
      reason ?? health.ok,
      this.#ids.next(),
    );
    this.#count(status);
    // Who wants to end this cluster waits until nobody waits for an answer.
    exchange.respondText(status, body, { ...fields, "x-manta-ongoing": String(this.stats.ongoing) });
  }

  #answerRoutes(exchange: HttpExchange): void {
    const reason = this.#unhealthy();
    if (reason !== undefined) {
      this.#respond(exchange, 503, reason, this.#ids.next());
      return;
    }
    const apps = Object.fromEntries((this.#routes?.routes ?? []).map(({ prefix, app }) => [prefix, app]));
    this.#count(200);
    exchange.respondText(200, JSON.stringify(apps), { "content-type": "application/json" });
  }

  /** Never a 404 without a route table: who asks early waits a little, or is told to come back. */
  #awaitRoutes(exchange: HttpExchange): void {
    if (this.#waiting.size >= proxyLimits.firstSnapshotWaitingMax) {
      this.#respond(exchange, 503, health.noRoutes, this.#ids.next());
      return;
    }
    this.#waiting.add(exchange);
    exchange.handler = {
      onBody: ignore,
      onBodyEnd: ignore,
      onWritable: ignore,
      onClientGone: () => {
        this.#waiting.delete(exchange);
        this.stats.clientsGone += 1;
      },
    };
    this.#waitTimer ??= this.#deps.clock.after(proxyLimits.firstSnapshotWaitMs, () => this.#refuseWaiting());
  }

  #serveWaiting(): void {
    this.#waitTimer?.cancel();
    this.#waitTimer = undefined;
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange);
      this.dispatch(exchange);
    }
  }

  #refuseWaiting(): void {
    this.#waitTimer = undefined;
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange);
      this.#respond(exchange, 503, health.noRoutes, this.#ids.next());
    }
  }

  #respond(exchange: HttpExchange, status: number, body: string, requestId: string): void {
    this.#count(status);
    exchange.respondText(status, body, ownResponse(status, body, requestId).fields);
  }

  #count(status: number): void {
    const statusClass = (status / 100) | 0;
    this.stats.byClass[statusClass] = (this.stats.byClass[statusClass] ?? 0) + 1;
  }
}

const ignore = (): void => undefined;
