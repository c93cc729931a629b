import type { Draft, KubeObject, ObjectRef, Stored } from "./objects.ts";
import type { Resource } from "./resources.ts";

/** Who the server says has written the fields that we write. */
export const fieldManager = "manta-operator";

/** What every call takes. */
export interface CallOptions {
  /** Ends the wait; a write may have happened all the same. */
  readonly signal?: AbortSignal;
  /** Whole call with its retries. Default: `kubeLimits.requestTimeoutMs`. Not for watches. */
  readonly timeoutMs?: number;
}

/** Which objects; selectors as in the API's query (`a=b,c in (d,e)`, `metadata.name=x`). */
export interface SelectOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** One page of a list. */
export interface ListOptions extends SelectOptions, CallOptions {
  /** Objects a page; absent: all in one. */
  readonly limit?: number;
  /** From the page before. */
  readonly continueToken?: string;
  /** "0": whatever the server has at hand, not older than any seen before. Absent: the newest. */
  readonly resourceVersion?: string;
}

/** A page: `continueToken` is there when more follow. */
export interface Page<T extends KubeObject> {
  readonly items: readonly Stored<T>[];
  readonly resourceVersion: string;
  readonly continueToken?: string;
}

/** Which changes. */
export interface WatchOptions extends SelectOptions {
  /** Changes after this version. */
  readonly resourceVersion: string;
  /** The server ends the watch by then (and one begins anew from the last version). */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** A change. `BOOKMARK`: nothing but a newer version to go on from. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: Stored<T>;
}

/** How to write. */
export interface WriteOptions extends CallOptions {
  /** Default `manta-operator`. */
  readonly fieldManager?: string;
  /** Check and answer, but store nothing. */
  readonly dryRun?: boolean;
}

/** One step of a JSON patch (RFC 6902). */
export interface JsonPatchStep {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** A change of part of an object. */
export type Patch =
  /** RFC 7386: null deletes, lists are replaced whole. */
  | { readonly type: "merge"; readonly body: object }
  | { readonly type: "json"; readonly body: readonly JsonPatchStep[] }
  /** By list keys as the kind declares them; built-in kinds only. */
  | { readonly type: "strategic"; readonly body: object };

/** Of which part. */
export interface PatchOptions extends WriteOptions {
  readonly subresource?: "status" | "scale" | "resize";
}

/** Server-side apply. */
export interface ApplyOptions extends WriteOptions {
  /** Take fields over that others own. Default true: ours are ours. */
  readonly force?: boolean;
  readonly subresource?: "status";
}

/** How to delete. */
export interface DeleteOptions extends CallOptions {
  /** 0: at once, without waiting for the kubelet. Absent: the object's own. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  /** Conflict when the object is another by now. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** Delete all that match. The selector is required: nobody empties a namespace by forgetting it. */
export interface DeleteCollectionOptions extends DeleteOptions {
  readonly namespace: string;
  readonly labelSelector: string;
}

/**
 * The Kubernetes API as the operator uses it. Every method rejects with `KubeError`. Calls are limited in rate and
 * retried where that is safe: reads, and writes that the server has refused to begin (429, or 503 with Retry-After).
 */
export interface KubeApi {
  /** Undefined when there is none. */
  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<Stored<T> | undefined>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<Page<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<Stored<T>>;
  /** Replaces all but the status. Conflict when `metadata.resourceVersion` is there and old. */
  replace<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<Stored<T>>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>>;
  /** Server-side apply: `object` holds exactly the fields we want to own. Creates what is missing. */
  apply<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: ApplyOptions): Promise<Stored<T>>;
  /** Replaces the status only. Conflict when `metadata.resourceVersion` is there and old. */
  replaceStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** A merge patch of the status: `status` is what goes below `status`. */
  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    status: object,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** False when there was nothing to delete. */
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
  deleteCollection(resource: Resource, options: DeleteCollectionOptions): Promise<void>;
  /**
   * Changes in order until the server ends the stream (then it returns) or the connection breaks (then it throws, as
   * it does with `isExpired` when the version is too old). Leaving the loop closes the connection.
   */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}
