import { randomBytes } from "node:crypto";
import type { EventSink, EventSubject, EventText } from "./event-text.ts";
import type { ExpectationSink } from "./expectations.ts";
import type { KubeApi } from "./kube-api.ts";
import { asKubeError } from "./kube-error.ts";
import { kubeLimits } from "./limits.ts";
import type { KubeObject, Stored } from "./objects.ts";
import type { Action, CreateAction, Plan, PlanResult, ScopeError } from "./plan.ts";

/** A moment between two actions, for tests that let the operator die there. */
export interface PlanMoment {
  readonly phase: "before" | "after";
  readonly action: Action;
  /** Place in the plan. */
  readonly index: number;
}

/** What applying takes. */
export interface ApplyPlanOptions {
  readonly expectations?: ExpectationSink;
  readonly recorder?: EventSink;
  /** Stops between two actions, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** An error from here is a death: it stops everything and is thrown on. */
  readonly onAction?: (moment: PlanMoment) => void | Promise<void>;
}

/**
 * Does what a plan says, action by action. An action that fails skips the rest of its scope. Rejects only when the
 * signal fires or `onAction` throws; failures of actions are in the result. A conflict of versions is no failure of
 * the scope: what was read was old, so the rest is skipped and `requeueAfterMs` is short.
 */
export const applyPlan = async (plan: Plan, api: KubeApi, options: ApplyPlanOptions = {}): Promise<PlanResult> => {
  const run = new PlanRun(plan, api, options);
  for (const [index, action] of plan.actions.entries()) {
    options.signal?.throwIfAborted();
    if (run.skips(action)) continue;
    await options.onAction?.({ phase: "before", action, index });
    await run.perform(action);
    await options.onAction?.({ phase: "after", action, index });
  }
  return run.result();
};

type StoreAction = Extract<Action, { kind: "create" | "replace" | "patch" | "apply" | "status" }>;

class PlanRun {
  readonly #plan: Plan;
  readonly #api: KubeApi;
  readonly #options: ApplyPlanOptions;
  readonly #stopped = new Map<string, { error?: ScopeError; skipped: number }>();
  readonly #counts: Partial<Record<Action["kind"], number>> = {};
  readonly #written: KubeObject[] = [];
  #requeueAfterMs: number | undefined;

  constructor(plan: Plan, api: KubeApi, options: ApplyPlanOptions) {
    this.#plan = plan;
    this.#api = api;
    this.#options = options;
  }

  skips(action: Action): boolean {
    const stop = this.#stopped.get(action.scope);
    if (stop === undefined) return false;
    stop.skipped += 1;
    return true;
  }

  async perform(action: Action): Promise<void> {
    try {
      await this.#write(action);
      this.#counts[action.kind] = (this.#counts[action.kind] ?? 0) + 1;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#fail(action, error instanceof Error ? error : new Error(String(error)));
    }
  }

  result(): PlanResult {
    const errors = new Map<string, ScopeError>();
    for (const [scope, { error, skipped }] of this.#stopped)
      if (error !== undefined) errors.set(scope, { ...error, skipped });
    return {
      errors,
      counts: this.#counts,
      written: this.#written,
      ...(this.#requeueAfterMs === undefined ? {} : { requeueAfterMs: this.#requeueAfterMs }),
    };
  }

  #fail(action: Action, error: Error): void {
    const { scope } = action;
    const isOld = asKubeError(error)?.isConflict === true;
    this.#stopped.set(scope, { skipped: 0, ...(isOld ? {} : { error: { scope, action, error, skipped: 0 } }) });
    if (isOld) this.#requeue(kubeLimits.conflictRequeueMs);
    else if ("onError" in action) this.#tell(action.onError, nameIn(action), error);
  }

  async #write(action: Action): Promise<void> {
    if (action.kind === "requeue") this.#requeue(action.afterMs);
    else if (action.kind === "event") this.#options.recorder?.record(action.subject ?? this.#plan.subject, action.text);
    else if (action.kind === "delete" || action.kind === "deleteCollection") await this.#delete(action);
    else await this.#store(action);
  }

  async #delete(action: Extract<Action, { kind: "delete" | "deleteCollection" }>): Promise<void> {
    const options = { ...action.options, ...this.#call };
    if (action.kind === "deleteCollection") {
      const { namespace, labelSelector } = action;
      await this.#api.deleteCollection(action.resource, { ...options, namespace, labelSelector });
      this.#tell(action.onDone, labelSelector);
      return;
    }
    const { resource, ref } = action;
    const expected = { key: this.#plan.key, group: action.expect ?? "", resource, ref };
    // Before the call: the deletion may be in the cache before the answer is here.
    const release = action.expect === undefined ? undefined : this.#options.expectations?.expectDeletion(expected);
    try {
      if (await this.#api.delete(resource, ref, options)) this.#tell(action.onDone, ref.name);
      else release?.();
    } catch (error) {
      release?.();
      throw error;
    }
  }

  async #store(action: StoreAction): Promise<void> {
    const object = await this.#send(action);
    if (object === undefined) return;
    this.#written.push(object);
    if (action.kind === "create" && action.expect !== undefined) {
      const { resource } = action;
      const { name, namespace, uid } = object.metadata;
      const expected = { key: this.#plan.key, group: action.expect, resource, ref: { namespace, name }, uid };
      this.#options.expectations?.expectCreation(expected);
    }
    this.#tell(action.onDone, object.metadata.name);
  }

  async #send(action: StoreAction): Promise<Stored | undefined> {
    const api = this.#api;
    const call = this.#call;
    if (action.kind === "create") return await createOnce(api, action, call);
    if (action.kind === "replace") return await api.replace(action.resource, action.object, call);
    if (action.kind === "status") return await api.replaceStatus(action.resource, action.object, call);
    if (action.kind === "apply")
      return await api.apply(action.resource, action.object, { ...call, force: action.force ?? true });
    const subresource = action.subresource === undefined ? {} : { subresource: action.subresource };
    return await api.patch(action.resource, action.ref, action.patch, { ...call, ...subresource });
  }

  get #call(): { signal?: AbortSignal } {
    return this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }

  #requeue(afterMs: number): void {
    this.#requeueAfterMs = Math.min(afterMs, this.#requeueAfterMs ?? Number.POSITIVE_INFINITY);
  }

  #tell(text: EventText | undefined, name: string, error?: Error): void {
    if (text === undefined) return;
    const note = text.note.replaceAll("{name}", name).replaceAll("{error}", error?.message ?? "");
    const subject: EventSubject = this.#plan.subject;
    this.#options.recorder?.record(subject, { ...text, note });
  }
}

/**
 * Creates an object so that an answer that is lost cannot make it twice: a generated name is chosen here, and when
 * nobody answers one looks whether it is there.
 */
const createOnce = async (
  api: KubeApi,
  action: CreateAction,
  call: { readonly signal?: AbortSignal },
): Promise<Stored | undefined> => {
  const { resource } = action;
  const object = withName(action.object);
  try {
    return await api.create(resource, object, call);
  } catch (error) {
    const known = asKubeError(error);
    if (known?.isAlreadyExists === true && action.ifExists === "ignore") return undefined;
    if (known?.code !== 0 || object === action.object) throw error;
    const ref = { namespace: object.metadata?.namespace, name: object.metadata?.name ?? "" };
    const made = await api.get(resource, ref, call);
    if (made === undefined) throw error;
    return made;
  }
};

/** As the API server generates names: five letters and digits that do not make words. */
const withName = (object: KubeObject): KubeObject => {
  const { name, generateName } = object.metadata ?? {};
  if ((name !== undefined && name !== "") || generateName === undefined) return object;
  const suffix = Array.from(randomBytes(5), (byte) => nameAlphabet[byte % nameAlphabet.length]).join("");
  return { ...object, metadata: { ...object.metadata, name: generateName.slice(0, generatedPrefixMax) + suffix } };
};

const nameAlphabet = "bcdfghjklmnpqrstvwxz2456789";
const generatedPrefixMax = 58;

const nameIn = (action: Action): string => {
  if ("ref" in action) return action.ref.name;
  if ("object" in action) return action.object.metadata?.name ?? action.object.metadata?.generateName ?? "";
  return "labelSelector" in action ? action.labelSelector : "";
};
