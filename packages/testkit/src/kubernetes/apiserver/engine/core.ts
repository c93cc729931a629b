import type { Clock } from "../clock.ts";
import { timestamp } from "../clock.ts";
import type { Plugins } from "../plugins.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission-plugin.ts";
import type { Definitions } from "./definitions.ts";
import { Served } from "./served.ts";

/** What the verbs work with. */
export interface CoreDeps {
  readonly store: Store;
  readonly definitions: Definitions;
  readonly plugins: Plugins;
  readonly clock: Clock;
  readonly admission: readonly AdmissionPlugin[];
}

/** The server's state and rules; the verbs are functions over it (`create.ts`, `update.ts` …). */
export class Core {
  readonly store: Store;
  readonly definitions: Definitions;
  readonly plugins: Plugins;
  readonly clock: Clock;
  readonly served = new Served();
  readonly #admission: readonly AdmissionPlugin[];

  constructor(deps: CoreDeps) {
    this.store = deps.store;
    this.definitions = deps.definitions;
    this.plugins = deps.plugins;
    this.clock = deps.clock;
    this.#admission = deps.admission;
  }

  /** The present as the API writes it. */
  now(): string {
    return timestamp(this.clock.wallMs());
  }

  mutate(request: AdmissionRequest): void {
    for (const plugin of this.#admission) plugin.mutate?.(request);
  }

  validate(request: AdmissionRequest): void {
    for (const plugin of this.#admission) plugin.validate?.(request);
  }
}
