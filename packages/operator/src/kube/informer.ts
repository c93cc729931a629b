import type { Logger } from "pino";
import { type Clock, pause } from "./clock.ts";
import type { KubeApi, SelectOptions } from "./kube-api.ts";
import { asKubeError } from "./kube-error.ts";
import { kubeLimits } from "./limits.ts";
import type { ObjectCache } from "./object-cache.ts";
import { type KubeObject, keyOf } from "./objects.ts";
import type { Resource } from "./resources.ts";

/** What an informer takes. */
export interface InformerOptions<T extends KubeObject> {
  readonly api: KubeApi;
  readonly resource: Resource<T>;
  readonly cache: ObjectCache<T>;
  /** Which objects; without a namespace those of all. */
  readonly select?: SelectOptions;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** The resource may be missing (a CRD that is not installed): it then counts as synced and empty, and is tried again. */
  readonly optional?: boolean;
}

/**
 * Keeps a cache as the server has it: lists by pages, watches from there, resumes where a watch ended, lists again
 * only when it must. I1: what the cache shows was so at some time, and later looks are never of an earlier time.
 * I2: nothing is missed: after a gap that the server cannot bridge (410) everything is listed, and what is not there
 * any more is removed. I3: a list that fails midway removes nothing. I4: no failure ends it; back-off grows with
 * failures in a row and is over after a watch that lasted.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions<T>;
  #version = "";
  #synced = false;
  #failures = 0;
  #lastContactMs = Number.NEGATIVE_INFINITY;
  #relists = 0;
  #watches = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
  }

  /** Has the whole list been seen once? */
  get hasSynced(): boolean {
    return this.#synced;
  }

  get resource(): Resource<T> {
    return this.#options.resource;
  }

  /** How often it listed and watched, for metrics and tests. */
  get counts(): { readonly relists: number; readonly watches: number } {
    return { relists: this.#relists, watches: this.#watches };
  }

  /** Since the server last said anything, in ms. */
  get silentMs(): number {
    return this.#options.clock.nowMs() - this.#lastContactMs;
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = this.#options.clock.nowMs();
      try {
        if (this.#version === "") await this.#list(signal);
        await this.#watch(signal);
        const lastedMs = this.#options.clock.nowMs() - startedMs;
        if (lastedMs >= kubeLimits.watchLastedMs) this.#failures = 0;
        // A server that ends every watch at once must not be asked without end.
        else await this.#backOff(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#note(error);
        await this.#backOff(signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { cache, resource, select } = this.#options;
    const seen = new Set<string>();
    this.#relists += 1;
    let limit: number | undefined = kubeLimits.pageSize;
    let continueToken: string | undefined;
    for (;;) {
      const page = await this.#page(signal, limit, continueToken).catch((error: unknown) => {
        // The list grew too old between two pages: once more in one go, which cannot.
        if (asKubeError(error)?.isExpired === true && continueToken !== undefined) return undefined;
        throw error;
      });
      if (page === undefined) {
        limit = undefined;
        continueToken = undefined;
        seen.clear();
        continue;
      }
      this.#lastContactMs = this.#options.clock.nowMs();
      for (const item of page.items) {
        seen.add(keyOf(item.metadata));
        cache.put(item);
      }
      continueToken = page.continueToken;
      if (continueToken !== undefined) continue;
      for (const key of cache.keys()) if (this.#covers(key) && !seen.has(key)) cache.remove(key);
      this.#version = page.resourceVersion;
      this.#synced = true;
      this.#options.log.debug({ resource: resource.plural, ...select, objects: seen.size }, "listed");
      return;
    }
  }

  #page(signal: AbortSignal, limit: number | undefined, continueToken: string | undefined) {
    const { api, resource, select } = this.#options;
    return api.list(resource, {
      ...select,
      signal,
      ...(limit === undefined ? {} : { limit }),
      ...(continueToken === undefined ? {} : { continueToken }),
    });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { api, cache, clock, resource, select, random } = this.#options;
    const timeoutSeconds = Math.round(kubeLimits.watchTimeoutSeconds * (1 + (random ?? Math.random)()));
    this.#watches += 1;
    const events = api.watch(resource, { ...select, resourceVersion: this.#version, timeoutSeconds, signal });
    const startedMs = clock.nowMs();
    for await (const event of events) {
      this.#lastContactMs = clock.nowMs();
      if (event.type === "DELETED") cache.remove(keyOf(event.object.metadata));
      else if (event.type !== "BOOKMARK") cache.put(event.object);
      this.#version = event.object.metadata.resourceVersion;
      if (this.#failures > 0 && this.#lastContactMs - startedMs >= kubeLimits.watchLastedMs) this.#failures = 0;
    }
  }

  /** Is this key one that this informer's list would have? */
  #covers(key: string): boolean {
    const namespace = this.#options.select?.namespace;
    return namespace === undefined || key.startsWith(`${namespace}/`);
  }

  #note(error: unknown): void {
    const known = asKubeError(error);
    const { log, resource, optional } = this.#options;
    if (known?.isExpired === true) {
      this.#version = "";
      log.info({ resource: resource.plural }, "the watch fell too far behind: listing again");
      return;
    }
    if (optional === true && known?.isNotFound === true) {
      // Removed with its CRD, or never there.
      for (const key of this.#options.cache.keys()) if (this.#covers(key)) this.#options.cache.remove(key);
      this.#version = "";
      this.#synced = true;
      return;
    }
    log.warn({ resource: resource.plural, failures: this.#failures + 1, error: String(error) }, "list or watch failed");
  }

  async #backOff(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const fullMs = Math.min(kubeLimits.relistMaxMs, kubeLimits.relistInitialMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, backoffStepsMax);
    await pause(clock, fullMs * (0.5 + (random ?? Math.random)() / 2), signal);
  }
}

/** Enough doublings to reach the longest wait. */
const backoffStepsMax = 10;
