import { setTimeout as wait } from "node:timers/promises";
import type { Dispatcher } from "undici";
import {
  type ApplyOptions,
  type CallOptions,
  type DeleteCollectionOptions,
  type DeleteOptions,
  fieldManager,
  type KubeApi,
  type ListOptions,
  type Page,
  type Patch,
  type PatchOptions,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from "./kube-api.ts";
import { asKubeError, type KubeError } from "./kube-error.ts";
import { kubeLimits } from "./limits.ts";
import type { Draft, KubeObject, ObjectRef, Stored } from "./objects.ts";
import { readBody } from "./read-body.ts";
import { collectionPath, objectPath, queryOf, selectorsOf } from "./resource-path.ts";
import { apiVersionOf, type Resource } from "./resources.ts";
import { errorOfFailure, errorOfStatus } from "./response-error.ts";
import type { TokenBucket } from "./token-bucket.ts";
import type { Transport, TransportRequest } from "./transport.ts";
import { watchEvents } from "./watch-events.ts";

/** A request that has ended, for metrics. */
export interface CallReport {
  readonly verb: string;
  readonly resource: string;
  /** HTTP status; 0 without an answer. */
  readonly code: number;
  readonly durationMs: number;
  /** Waited for the rate limit, of `durationMs`. */
  readonly limiterMs: number;
}

/** What the client is made of. */
export interface RestKubeApiOptions {
  readonly transport: Transport;
  /** Absent: no limit of rate (leader election, which must not wait behind anything). */
  readonly limiter?: TokenBucket;
  readonly onCall?: (report: CallReport) => void;
}

/** What a call sends; `again` says that doing it twice is doing it once. */
interface Call {
  readonly verb: string;
  readonly method: TransportRequest["method"];
  readonly resource: Resource;
  readonly path: string;
  readonly body?: object | undefined;
  readonly contentType?: string;
  readonly again: boolean;
}

const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** The Kubernetes API over HTTPS. */
export class RestKubeApi implements KubeApi {
  readonly #options: RestKubeApiOptions;

  constructor(options: RestKubeApiOptions) {
    this.#options = options;
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<Stored<T> | undefined> {
    const path = objectPath(resource, ref);
    try {
      return (await this.#call({ verb: "get", method: "GET", resource, path, again: true }, options)) as Stored<T>;
    } catch (error) {
      // Only the API server's own word counts: a 404 of something in between is a failure.
      if (asKubeError(error)?.isNotFound === true && isAboutObject(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    const { limit, continueToken, resourceVersion } = options;
    const query = queryOf({ ...selectorsOf(options), limit, continue: continueToken, resourceVersion });
    const path = collectionPath(resource, options.namespace) + query;
    const list = (await this.#call({ verb: "list", method: "GET", resource, path, again: true }, options)) as {
      readonly items?: readonly Stored<T>[] | null;
      readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
    };
    const next = list.metadata.continue;
    return {
      // Items of a list come without these.
      items: (list.items ?? []).map((item) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...item })),
      resourceVersion: list.metadata.resourceVersion ?? "",
      ...(next === undefined || next === "" ? {} : { continueToken: next }),
    };
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    const namespace = namespaceOf(resource, object);
    const path = collectionPath(resource, namespace) + writeQuery(options);
    return await this.#store({ verb: "create", method: "POST", resource, path, body: object, again: false }, options);
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    return await this.#replace(resource, object, options);
  }

  async replaceStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    return await this.#replace(resource, object, options, "status");
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const path = objectPath(resource, ref, options.subresource) + writeQuery(options);
    const contentType = patchTypes[patch.type];
    const again = patch.type !== "json";
    return await this.#store(
      { verb: "patch", method: "PATCH", resource, path, body: patch.body, contentType, again },
      options,
    );
  }

  async patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    status: object,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    return await this.patch(resource, ref, { type: "merge", body: { status } }, { ...options, subresource: "status" });
  }

  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: ApplyOptions = {},
  ): Promise<Stored<T>> {
    const path = objectPath(resource, refIn(object), options.subresource);
    const query = writeQuery(options, { force: options.force ?? true });
    // JSON is YAML: the content type of server-side apply is YAML's in every version.
    const contentType = "application/apply-patch+yaml";
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return await this.#store(
      { verb: "apply", method: "PATCH", resource, path: path + query, body, contentType, again: true },
      options,
    );
  }

  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const path = objectPath(resource, ref);
    try {
      await this.#call(
        { verb: "delete", method: "DELETE", resource, path, body: deleteBody(options), again: true },
        options,
      );
      return true;
    } catch (error) {
      if (asKubeError(error)?.isNotFound === true && isAboutObject(error)) return false;
      throw error;
    }
  }

  async deleteCollection(resource: Resource, options: DeleteCollectionOptions): Promise<void> {
    if (options.labelSelector === "") throw new Error(`deleteCollection of ${resource.plural}: labelSelector is empty`);
    const path = collectionPath(resource, options.namespace) + queryOf(selectorsOf(options));
    const body = deleteBody(options);
    await this.#call({ verb: "deletecollection", method: "DELETE", resource, path, body, again: true }, options);
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const query = queryOf({
      ...selectorsOf(options),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: options.timeoutSeconds,
    });
    const path = collectionPath(resource, options.namespace) + query;
    const what = `watch ${resource.plural}`;
    const ended = new AbortController();
    const signal = options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal]);
    try {
      const call: Call = { verb: "watch", method: "GET", resource, path, again: false };
      const response = await this.#attempt(call, { signal, silenceMs: kubeLimits.watchSilenceMs });
      yield* watchEvents<T>(response.body, what);
    } catch (error) {
      throw errorOfFailure(error, what);
    } finally {
      ended.abort();
    }
  }

  async #replace<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions,
    subresource?: string,
  ): Promise<Stored<T>> {
    const path = objectPath(resource, refIn(object), subresource) + writeQuery(options);
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return await this.#store({ verb: "update", method: "PUT", resource, path, body, again: false }, options);
  }

  async #store<T extends KubeObject>(call: Call, options: CallOptions): Promise<Stored<T>> {
    return (await this.#call(call, options)) as Stored<T>;
  }

  /** One call with its retries. */
  async #call(call: Call, options: CallOptions): Promise<unknown> {
    const deadline = AbortSignal.timeout(options.timeoutMs ?? kubeLimits.requestTimeoutMs);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#attempt(call, { signal });
        return await readBody(response.body, nameOf(call));
      } catch (failure) {
        options.signal?.throwIfAborted();
        const error = errorOfFailure(failure, nameOf(call));
        const delayMs = retryDelayMs(error, call.again, attempt);
        if (delayMs === undefined || signal.aborted) throw error;
        // A deadline that passes meanwhile is not the news: the error is.
        await wait(delayMs, undefined, { signal }).catch(() => {
          options.signal?.throwIfAborted();
          throw error;
        });
      }
    }
  }

  async #attempt(
    call: Call,
    options: { readonly signal: AbortSignal; readonly silenceMs?: number },
  ): Promise<Dispatcher.ResponseData> {
    const startMs = performance.now();
    const limiterMs = (await this.#options.limiter?.take(options.signal)) ?? 0;
    options.signal.throwIfAborted();
    let code = 0;
    try {
      const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
      const contentType = call.body === undefined ? {} : { contentType: call.contentType ?? "application/json" };
      const { method, path } = call;
      const response = await this.#options.transport.request({ method, path, ...body, ...contentType, ...options });
      code = response.statusCode;
      if (code < 400) return response;
      const answer = await readBody(response.body, nameOf(call)).catch((error: unknown) => String(error));
      const retryAfter = response.headers["retry-after"];
      throw errorOfStatus(code, answer, nameOf(call), typeof retryAfter === "string" ? retryAfter : undefined);
    } finally {
      const durationMs = performance.now() - startMs;
      this.#options.onCall?.({ verb: call.verb, resource: call.resource.plural, code, durationMs, limiterMs });
    }
  }
}

/** How long to wait before the next attempt; undefined: there is none. */
const retryDelayMs = (
  error: KubeError & { readonly sent?: boolean },
  again: boolean,
  attempt: number,
): number | undefined => {
  // A token that was replaced: the transport has forgotten the old one.
  if (error.code === 401 && attempt === 1) return 0;
  if (attempt >= kubeLimits.attemptsMax || !error.isTransient) return undefined;
  const askedMs = (error.details.retryAfterSeconds ?? 0) * 1_000;
  if (askedMs > kubeLimits.retryAfterMaxMs) return undefined;
  const refused = error.code === 429 || (error.code === 503 && askedMs > 0) || error.sent === false;
  if (!refused && !again) return undefined;
  const backoffMs = kubeLimits.retryInitialMs * 2 ** (attempt - 1);
  return Math.max(askedMs, backoffMs * (0.5 + Math.random() / 2));
};

const nameOf = (call: Call): string => `${call.verb} ${call.path.split("?")[0]?.replace(/^\/apis?\//, "") ?? ""}`;

/** Not a 404 of a path that is not served (a CRD that is not installed has no `details.name`). */
const isAboutObject = (error: unknown): boolean => asKubeError(error)?.details.name !== undefined;

const namespaceOf = (resource: Resource, object: Draft): string | undefined => {
  const namespace = object.metadata?.namespace;
  if (resource.namespaced && (namespace === undefined || namespace === ""))
    throw new Error(`create ${resource.kind} "${object.metadata?.name ?? ""}": metadata.namespace is not set`);
  return namespace;
};

const refIn = (object: Draft): ObjectRef => ({
  namespace: object.metadata?.namespace,
  name: object.metadata?.name ?? "",
});

const writeQuery = (options: WriteOptions, more: Record<string, boolean> = {}): string =>
  queryOf({
    fieldManager: options.fieldManager ?? fieldManager,
    dryRun: options.dryRun === true ? "All" : undefined,
    ...more,
  });

const deleteBody = (options: DeleteOptions): object => ({
  apiVersion: "v1",
  kind: "DeleteOptions",
  gracePeriodSeconds: options.gracePeriodSeconds,
  propagationPolicy: options.propagationPolicy,
  preconditions: options.preconditions,
});
