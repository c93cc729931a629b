import { inspect } from "node:util";
import type { DeploymentResponse, DeploymentResponseStream, Handle, HandleOptions } from "./handle.ts";

/** Which deployment a handle calls. */
export interface HandleAddress {
  readonly app: string;
  readonly deployment: string;
  /** A function is deployed: the handle itself is called. */
  readonly callable: boolean;
}

/** Name on the wire for the call of a function deployment; no method can have it. */
export const functionCallName = "()";

/** Sends a call: the handle's only dependency. */
export type HandleInvoke = (
  address: HandleAddress,
  method: string,
  args: readonly unknown[],
  options: HandleOptions,
) => DeploymentResponse<unknown> & DeploymentResponseStream<unknown>;

/**
 * Names that libraries and the language look up on any object: a handle has no methods of these names,
 * for it must not pass for a promise, a matcher or a node of a document.
 */
const neverMethods = new Set(
  "then catch finally toJSON constructor prototype inspect asymmetricMatch nodeType tagName $$typeof apply bind call arguments caller".split(
    " ",
  ),
);

/** Makes a handle whose calls go out by `invoke`. */
export const createHandle = <T>(
  address: HandleAddress,
  invoke: HandleInvoke,
  options: HandleOptions = {},
): Handle<T> => {
  const described = { app: address.app, deployment: address.deployment };
  const base = address.callable ? () => undefined : {};
  const own: Record<PropertyKey, unknown> = {
    appName: address.app,
    deploymentName: address.deployment,
    options: (more: HandleOptions) => createHandle(address, invoke, { ...options, ...more }),
    toJSON: () => described,
    [inspect.custom]: () => `Handle(${address.app}#${address.deployment})`,
    [Symbol.toStringTag]: "Handle",
  };
  for (const key of Reflect.ownKeys(own)) {
    Object.defineProperty(base, key, { value: own[key], enumerable: false, configurable: true });
  }
  const methods = new Map<string, unknown>();
  const handle = new Proxy(base, {
    get(target, property, receiver): unknown {
      if (typeof property === "symbol" || Object.hasOwn(own, property)) return Reflect.get(target, property, receiver);
      const known = methods.get(property);
      if (known !== undefined) return known;
      if (neverMethods.has(property) || property in target)
        return property === "then" ? undefined : Reflect.get(target, property, receiver);
      if (address.callable || property.startsWith("_")) return undefined;
      const method = (...args: unknown[]): unknown => invoke(address, property, args, options);
      methods.set(property, method);
      return method;
    },
    apply: (_target, _this, args: unknown[]) => invoke(address, functionCallName, args, options),
    set: () => false,
  });
  return handle as unknown as Handle<T>;
};
