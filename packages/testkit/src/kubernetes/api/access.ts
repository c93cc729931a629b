import type { KubeObject, ResourceId } from "./objects.ts";

/** What to list or watch; selectors as in the API's query (`a=b,c in (d,e)`, `metadata.name=x`). */
export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** One object. */
export interface ObjectId {
  /** Absent for resources without namespaces. */
  readonly namespace?: string;
  readonly name: string;
}

/** A change as a watch tells it. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** How to delete. */
export interface DeleteOptions {
  /** Default: the resource's (pods 30, of their spec; others 0). */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/**
 * The API from inside the server's process, for its controllers and kubelet: the same rules (admission, validation,
 * versions, finalizers) as over HTTP, without its cost and without authorization. Objects handed out are frozen or
 * copies: nobody changes what is stored but by a call. Rejects with `ApiError`.
 */
export interface ApiAccess {
  /** Undefined when there is none. */
  get(resource: ResourceId, id: ObjectId): Promise<KubeObject | undefined>;
  list(resource: ResourceId, options?: ListOptions): Promise<readonly KubeObject[]>;
  create(resource: ResourceId, object: KubeObject): Promise<KubeObject>;
  /** Replaces all but the status; `Conflict` when `metadata.resourceVersion` is given and old. */
  update(resource: ResourceId, object: KubeObject): Promise<KubeObject>;
  /** Replaces the status only. */
  updateStatus(resource: ResourceId, object: KubeObject): Promise<KubeObject>;
  /** A JSON merge patch (RFC 7386); of the status with `subresource`. */
  mergePatch(resource: ResourceId, id: ObjectId, patch: object, subresource?: "status" | "scale"): Promise<KubeObject>;
  delete(resource: ResourceId, id: ObjectId, options?: DeleteOptions): Promise<void>;
  /**
   * Tells every object there is (ADDED) and then each change, in order, until the handle is closed. Never misses one;
   * `onEvent` is called synchronously after the write.
   */
  watch(resource: ResourceId, options: ListOptions, onEvent: (event: WatchEvent) => void): { close(): void };
}
