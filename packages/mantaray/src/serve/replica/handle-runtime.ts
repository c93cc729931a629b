import type { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { packValue } from "../../actor/index.ts";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { InvokeHead } from "../../protocol/handle-frames.ts";
import { deploymentKey } from "../../protocol/routing.ts";
import type { ActiveRequest } from "../api/context.ts";
import type { HandleAddress, HandleInvoke } from "../api/create-handle.ts";
import type { HandleOptions } from "../api/handle.ts";
import type { Router } from "../routing/index.ts";
import { HandleCall } from "./handle-call.ts";

/** What the calls of handles need. */
export interface HandleRuntimeDeps {
  /** By `<app>#<deployment>`. */
  router(key: string): Router;
  /** The routers' clock. */
  readonly clock: Clock;
  readonly requests: AsyncLocalStorage<ActiveRequest>;
}

/**
 * Sends the calls of a process's handles. A call belongs to the request that makes it: same request id, no
 * later deadline, and canceled with it.
 */
export const handleInvoker =
  (deps: HandleRuntimeDeps): HandleInvoke =>
  (address, method, args, options) => {
    const parent = deps.requests.getStore();
    const requestId = parent?.requestId ?? randomUUID();
    const call = new HandleCall(requestId);
    const send = (settled: readonly unknown[]): void =>
      dispatch(deps, { call, address, method, options, parent }, settled);
    if (args.some(isThenable)) Promise.all(args).then(send, (error: unknown) => call.fail(error));
    else send(args);
    return call.response;
  };

interface Invocation {
  readonly call: HandleCall;
  readonly address: HandleAddress;
  readonly method: string;
  readonly options: HandleOptions;
  readonly parent: ActiveRequest | undefined;
}

const dispatch = (deps: HandleRuntimeDeps, invocation: Invocation, args: readonly unknown[]): void => {
  const { call, address, method, options, parent } = invocation;
  // Canceled while its arguments were awaited.
  if (call.settled) return;
  if (parent?.canceled === true) {
    call.fail(new MantaError("canceled", `the request that called ${address.deployment} was canceled`));
    return;
  }
  const { multiplexedModelId } = options;
  const head: InvokeHead = {
    method,
    stream: options.stream ?? false,
    requestId: call.requestId,
    ...(multiplexedModelId === undefined ? {} : { multiplexedModelId }),
  };
  try {
    const router = deps.router(deploymentKey(address.app, address.deployment));
    call.prepare({
      head: packValue(head),
      body: packValue(args),
      repeatable: router.retryNonIdempotent,
      deadlineMs: deadlineOf(options, parent, deps.clock.nowMs()),
    });
    if (parent !== undefined) call.onSettled = parent.onCancel(() => call.cancel());
    router.dispatch(call);
  } catch (error) {
    call.fail(error);
  }
};

/** The sooner of the call's own and its request's; 0 for none. Both clocks are the monotonic one. */
const deadlineOf = (options: HandleOptions, parent: ActiveRequest | undefined, nowMs: number): number => {
  const own = options.timeoutMs === undefined ? 0 : nowMs + Math.max(1, options.timeoutMs);
  const inherited = parent?.deadlineAtMs ?? 0;
  return own === 0 || inherited === 0 ? own + inherited : Math.min(own, inherited);
};

const isThenable = (value: unknown): boolean =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
