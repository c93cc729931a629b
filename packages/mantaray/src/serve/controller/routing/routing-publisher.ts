import type { Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import { deploymentKey, type RoutingDeployment, type RoutingSnapshot } from "../../../protocol/routing.ts";
import { controllerLimits } from "../limits.ts";
import type { Effects } from "../loop/effects.ts";
import type { ControllerGcs } from "../ports.ts";

/** What the publisher is made of. */
export interface RoutingPublisherDeps {
  readonly gcs: Pick<ControllerGcs, "putRouting">;
  readonly clock: Clock;
  readonly log: Log;
  readonly effects: Effects;
  /** The control store has taken a snapshot: what waited for it may go on. */
  readonly onPublished: () => void;
}

/** Everything of a snapshot but its version. */
export interface RoutingContent {
  readonly http: RoutingSnapshot["http"];
  readonly routes: RoutingSnapshot["routes"];
}

/**
 * Publishes the routing snapshot when it has changed, one at a time: what changes meanwhile goes with the
 * next. It publishes nothing before `begin`, so that a restarted controller never shrinks what proxies
 * know. A replica is "routed" until a snapshot without it was taken.
 */
export class RoutingPublisher {
  readonly #deps: RoutingPublisherDeps;
  readonly #deployments = new Map<string, { readonly value: RoutingDeployment; readonly text: string }>();
  #content: RoutingContent | undefined;
  #contentText = "";
  #version = 0;
  #begun = false;
  #changed = false;
  #underWay: ReadonlySet<string> | undefined;
  /** In the snapshot that the control store took last. */
  #taken: ReadonlySet<string> = new Set();
  #retryAtMs = 0;
  #failures = 0;

  constructor(deps: RoutingPublisherDeps) {
    this.#deps = deps;
  }

  get version(): number {
    return this.#version;
  }

  /** Something was published before: by the last controller, or by this one. */
  get knowsLast(): boolean {
    return this.#version > 0;
  }

  /** Allows publication, above the version and with the knowledge of what the last controller published. */
  begin(last: RoutingSnapshot | null): void {
    this.#version = Math.max(this.#version, last?.version ?? 0);
    this.#taken = new Set(last === null ? [] : replicaIds(Object.values(last.deployments)));
    this.#begun = true;
    this.#changed = true;
  }

  /** After a new link: a control store that has another snapshot than the last one gets it again, above its own. */
  resume(present: RoutingSnapshot | null): void {
    if (!this.#begun || this.#underWay !== undefined || present?.version === this.#version) return;
    this.#version = Math.max(this.#version, present?.version ?? 0);
    this.#taken = new Set([
      ...this.#taken,
      ...(present === null ? [] : replicaIds(Object.values(present.deployments))),
    ]);
    this.#changed = true;
  }

  setContent(content: RoutingContent): void {
    const text = JSON.stringify(content);
    if (text === this.#contentText) return;
    this.#content = content;
    this.#contentText = text;
    this.#changed = true;
  }

  setDeployment(value: RoutingDeployment): void {
    const key = deploymentKey(value.app, value.deployment);
    const text = JSON.stringify(value);
    if (this.#deployments.get(key)?.text === text) return;
    this.#deployments.set(key, { value, text });
    this.#changed = true;
  }

  removeDeployment(app: string, deployment: string): void {
    if (this.#deployments.delete(deploymentKey(app, deployment))) this.#changed = true;
  }

  /** Proxies have it in their tables, as far as anybody here can know. */
  isRouted(replicaId: string): boolean {
    return this.#taken.has(replicaId) || this.#underWay?.has(replicaId) === true;
  }

  /** Nothing is on its way and nothing waits. */
  get settled(): boolean {
    return (!this.#changed || this.#content === undefined) && this.#underWay === undefined;
  }

  /** Sends what has changed. Returns when to look again though nothing happens, or null. */
  run(): number | null {
    const { clock } = this.#deps;
    if (!this.#begun || !this.#changed || this.#underWay !== undefined || this.#content === undefined) return null;
    if (clock.nowMs() < this.#retryAtMs) return this.#retryAtMs;
    this.#publish(this.#content);
    return null;
  }

  #publish(content: RoutingContent): void {
    const { gcs, effects, clock, log, onPublished } = this.#deps;
    const deployments = [...this.#deployments].toSorted(([left], [right]) => (left < right ? -1 : 1));
    // A clock's time rather than a count: above all that agents may hold, also where every record of it is lost.
    const version = Math.max(this.#version + 1, Math.floor(clock.wallMs()));
    const snapshot: RoutingSnapshot = {
      version,
      ...content,
      deployments: Object.fromEntries(deployments.map(([key, { value }]) => [key, value])),
    };
    this.#version = version;
    this.#changed = false;
    const ids = new Set(replicaIds(deployments.map(([, { value }]) => value)));
    this.#underWay = ids;
    effects.start({
      what: "publish routing",
      run: () => gcs.putRouting({ snapshot }, { timeoutMs: controllerLimits.callTimeoutMs }),
      done: () => {
        this.#underWay = undefined;
        this.#taken = ids;
        this.#failures = 0;
        log.debug({ version, replicas: ids.size }, "routing published");
        onPublished();
      },
      failed: ({ details }) => {
        this.#underWay = undefined;
        if (typeof details.version === "number") this.#version = Math.max(this.#version, details.version);
        // It may have been taken all the same: until a later one is, both count.
        this.#taken = new Set([...this.#taken, ...ids]);
        this.#changed = true;
        const { retryInitialMs, retryMaxMs } = controllerLimits;
        this.#retryAtMs = clock.nowMs() + Math.min(retryMaxMs, retryInitialMs * 2 ** this.#failures);
        this.#failures += 1;
      },
    });
  }
}

const replicaIds = (deployments: readonly RoutingDeployment[]): string[] =>
  deployments.flatMap((deployment) => deployment.replicas.map((replica) => replica.replicaId));
