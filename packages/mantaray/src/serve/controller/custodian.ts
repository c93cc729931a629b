import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import { controllerLimits } from "./limits.ts";
import type { Effects } from "./loop/effects.ts";
import type { ControllerGcs } from "./ports.ts";
import type { RoutingPublisher } from "./routing/routing-publisher.ts";
import { custodyNotice, isUnexplained, takeCustody } from "./state/custody.ts";
import type { TargetStore } from "./state/target-store.ts";

/** What the custodian works with. */
export interface CustodianDeps {
  readonly gcs: Pick<ControllerGcs, "getRouting">;
  readonly store: TargetStore;
  readonly publisher: RoutingPublisher;
  readonly clock: Clock;
  readonly log: Log;
  readonly effects: Effects;
  /** Applications came into custody: people should know why. */
  readonly onTaken: (message: string) => void;
}

/** Takes what lives and was never asked for, as far as is known, into custody (see `Custody`). */
export class Custodian {
  readonly #deps: CustodianDeps;
  readonly #unexplained = new Set<string>();
  #lookAtMs = 0;
  #looksUntilMs = 0;

  constructor(deps: CustodianDeps) {
    this.#deps = deps;
  }

  /** The first look at the cluster is complete: these applications live, and that was published last. */
  begin(apps: Iterable<string>, snapshot: RoutingSnapshot | null): void {
    const { store, clock } = this.#deps;
    this.#looksUntilMs = clock.nowMs() + controllerLimits.absentNodeGraceMs;
    const unexplained = new Set([...apps].filter((app) => isUnexplained(store.state, app)));
    if (snapshot !== null) this.#keep(unexplained, snapshot);
  }

  /** Replicas of the application live, and nobody knows why. */
  unexplained(app: string): void {
    this.#unexplained.add(app);
  }

  /**
   * Looks again for the snapshot that says how what was found is reached, for a while; then it is kept
   * without. Returns when to look again though nothing happens, or null.
   */
  run(): number | null {
    const { gcs, clock, effects, publisher } = this.#deps;
    if (this.#unexplained.size === 0) return null;
    if (clock.nowMs() < this.#lookAtMs) return this.#lookAtMs;
    this.#lookAtMs = clock.nowMs() + controllerLimits.retryInitialMs;
    effects.start({
      what: "read the last routing",
      run: () => gcs.getRouting({}, { timeoutMs: controllerLimits.callTimeoutMs }),
      done: ({ snapshot }) => {
        if (snapshot === null && clock.nowMs() < this.#looksUntilMs) return;
        publisher.resume(snapshot);
        this.#keep(this.#unexplained, snapshot);
        this.#unexplained.clear();
      },
      // Asked again by the next run.
      failed: () => undefined,
    });
    return this.#lookAtMs;
  }

  #keep(apps: ReadonlySet<string>, snapshot: RoutingSnapshot | null): void {
    const { store, log, onTaken } = this.#deps;
    const before = store.state.custody;
    store.patch((state) => takeCustody(state, apps, snapshot));
    if (store.state.custody === before) return;
    const message = custodyNotice(store.state) ?? "";
    log.warn({ apps: [...apps] }, message);
    onTaken(message);
  }
}
