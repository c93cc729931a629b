import type { EventSubject, EventText } from "./event-text.ts";
import type { ApplyOptions, DeleteOptions, Patch, PatchOptions } from "./kube-api.ts";
import type { Draft, KubeObject, ObjectRef } from "./objects.ts";
import type { Resource } from "./resources.ts";

/** What every action has. */
interface ActionBase {
  /**
   * Actions of one scope depend on each other: the first that fails skips the rest of its scope, and of that only.
   * Such as `head`, `group:small`, `services`.
   */
  readonly scope: string;
}

/** What an action that writes may have. */
interface WriteBase extends ActionBase {
  /** Told after it has succeeded. */
  readonly onDone?: EventText;
  /** Told after it has failed. */
  readonly onError?: EventText;
  /**
   * The group of expectations (of `Plan.key`) that waits until the cache shows this creation or deletion. Absent: none,
   * which is right wherever doing it twice does no harm (names that are not generated).
   */
  readonly expect?: string;
}

/** Creates an object. */
export interface CreateAction extends WriteBase {
  readonly kind: "create";
  readonly resource: Resource;
  readonly object: KubeObject;
  /** What to do when the name is taken. Default `error`; `ignore`: fine, somebody (we) has made it. */
  readonly ifExists?: "error" | "ignore";
}

/** Replaces all but the status. */
export interface ReplaceAction extends WriteBase {
  readonly kind: "replace";
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** Changes part of an object. */
export interface PatchAction extends WriteBase {
  readonly kind: "patch";
  readonly resource: Resource;
  readonly ref: ObjectRef;
  readonly patch: Patch;
  readonly subresource?: PatchOptions["subresource"];
}

/** Server-side apply. */
export interface ApplyAction extends WriteBase {
  readonly kind: "apply";
  readonly resource: Resource;
  readonly object: KubeObject;
  /** Default true. */
  readonly force?: ApplyOptions["force"];
}

/** Deletes an object; one that is gone already is fine. */
export interface DeleteAction extends WriteBase {
  readonly kind: "delete";
  readonly resource: Resource;
  readonly ref: ObjectRef;
  readonly options?: Omit<DeleteOptions, "signal" | "timeoutMs">;
}

/** Deletes all objects that match. Never with expectations. */
export interface DeleteCollectionAction extends Omit<WriteBase, "expect"> {
  readonly kind: "deleteCollection";
  readonly resource: Resource;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly options?: Omit<DeleteOptions, "signal" | "timeoutMs">;
}

/** Replaces the status of an object; with its `resourceVersion` in `object`, a conflict is a reason to look again, not an error. */
export interface StatusAction extends Omit<WriteBase, "expect"> {
  readonly kind: "status";
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** Tells an event about the plan's subject, or another. */
export interface EventAction extends ActionBase {
  readonly kind: "event";
  readonly text: EventText;
  readonly subject?: EventSubject;
}

/** Come back after this long at the latest. */
export interface RequeueAction extends ActionBase {
  readonly kind: "requeue";
  readonly afterMs: number;
}

/** One step of a plan. */
export type Action =
  | CreateAction
  | ReplaceAction
  | PatchAction
  | ApplyAction
  | DeleteAction
  | DeleteCollectionAction
  | StatusAction
  | EventAction
  | RequeueAction;

/** What a decision wants done, in order. Plain data: tests compare it. */
export interface Plan {
  /** Key of the reconciled object (`namespace/name`), of the expectations too. */
  readonly key: string;
  /** What the events are about. */
  readonly subject: EventSubject;
  readonly actions: readonly Action[];
}

/** Why a scope stopped. */
export interface ScopeError {
  readonly scope: string;
  /** The action that failed. */
  readonly action: Action;
  readonly error: Error;
  /** How many actions of the scope were not tried. */
  readonly skipped: number;
}

/** What became of a plan. */
export interface PlanResult {
  /** By scope; empty when all went well. */
  readonly errors: ReadonlyMap<string, ScopeError>;
  /** Actions done, by kind. */
  readonly counts: Readonly<Partial<Record<Action["kind"], number>>>;
  /** What the server answered to each `create`, `replace`, `patch`, `apply` and `status`, in order. */
  readonly written: readonly KubeObject[];
  /** The shortest of the `requeue` actions that were reached; short after a conflict: the cache was behind, look again. */
  readonly requeueAfterMs?: number;
}

/** Keeps an action's resource and object of one type, which the union alone cannot. */
export const typed = {
  create: <T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    rest: Omit<CreateAction, "kind" | "resource" | "object">,
  ): CreateAction => ({ kind: "create", resource, object, ...rest }),
  replace: <T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    rest: Omit<ReplaceAction, "kind" | "resource" | "object">,
  ): ReplaceAction => ({ kind: "replace", resource, object, ...rest }),
  apply: <T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    rest: Omit<ApplyAction, "kind" | "resource" | "object">,
  ): ApplyAction => ({ kind: "apply", resource, object, ...rest }),
  status: <T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    rest: Omit<StatusAction, "kind" | "resource" | "object">,
  ): StatusAction => ({ kind: "status", resource, object, ...rest }),
};
