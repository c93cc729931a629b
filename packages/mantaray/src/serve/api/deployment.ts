import { MantaError } from "../../base/errors.ts";
import { Application, type BindArgs } from "./application.ts";
import type { BoundDeployment, DeploymentTarget, FetchObject } from "./bound-deployment.ts";
import type { DeploymentOptions } from "./deployment-options.ts";
import { type ReferenceOptions, toReferenceOptions } from "./reference-options.ts";

/** Marks a `Deployment` across copies of this package. */
export const deploymentMark: unique symbol = Symbol.for("mantaray.deployment") as never;

type UserConfigOf<T> = T extends { reconfigure(config: infer UserConfig): unknown } ? UserConfig : unknown;

/** A class, function or fetch object with the options it is served with. Immutable. */
export class Deployment<T = unknown, Args extends readonly unknown[] = readonly never[]> implements BoundDeployment {
  readonly [deploymentMark] = true;
  readonly name: string;
  readonly target: DeploymentTarget;
  /** The options that were set, as given. */
  readonly setOptions: DeploymentOptions;
  /** The same in the reference's spelling. */
  readonly referenceOptions: ReferenceOptions;

  constructor(target: DeploymentTarget, options: DeploymentOptions) {
    const targetName = nameOf(target);
    this.referenceOptions = toReferenceOptions(options, `deployment(${targetName})`);
    this.name = options.name ?? targetName;
    if (this.name === "" || this.name.includes("#")) {
      throw new MantaError(
        "invalid_config",
        `deployment(${targetName}): name must be given, for there is none to take`,
      );
    }
    this.target = target;
    this.setOptions = options;
  }

  /** The same with other options: those given here win, member by member of the top level. */
  options(options: DeploymentOptions<UserConfigOf<T>>): Deployment<T, Args> {
    return new Deployment(this.target, { ...this.setOptions, ...options });
  }

  /** An application: this deployment with the arguments of its class. */
  bind(...args: BindArgs<Args>): Application<T> {
    return new Application<T>(this, args);
  }
}

/** Whether a value is a deployment (that was not bound), of this copy of the package or another. */
export const isDeployment = (value: unknown): value is Deployment =>
  typeof value === "object" && value !== null && (value as { [deploymentMark]?: unknown })[deploymentMark] === true;

/**
 * Makes a deployment of a class, of a function, or of an object with `fetch`. Throws `invalid_config` for
 * an option that breaks its rule, and `invalid_argument` for anything else as its target.
 */
export function deployment<C extends new (...args: never[]) => object>(
  target: C,
  options?: DeploymentOptions<UserConfigOf<InstanceType<C>>>,
): Deployment<InstanceType<C>, ConstructorParameters<C>>;
export function deployment<F extends (...args: never[]) => unknown>(
  target: F,
  options?: Omit<DeploymentOptions, "userConfig">,
): Deployment<F, []>;
export function deployment<T extends FetchObject>(target: T, options?: DeploymentOptions): Deployment<T, []>;
export function deployment(target: unknown, options: DeploymentOptions = {}): Deployment<unknown, never> {
  return new Deployment(classify(target), options);
}

const classify = (target: unknown): DeploymentTarget => {
  if (typeof target === "function") {
    return isClass(target)
      ? { kind: "class", create: target as new (...args: never[]) => object }
      : { kind: "function", call: target as (...args: never[]) => unknown };
  }
  if (typeof target === "object" && target !== null && typeof (target as FetchObject).fetch === "function") {
    return { kind: "object", object: target as FetchObject };
  }
  throw new MantaError(
    "invalid_argument",
    `deployment(): the first argument must be a class, a function or an object with a fetch method, got ${typeof target}`,
  );
};

/** A class's `prototype` is read-only; code compiled to functions has methods on it instead. */
const isClass = (target: object): boolean => {
  const prototype = Object.getOwnPropertyDescriptor(target, "prototype");
  if (prototype === undefined) return false;
  if (prototype.writable === false) return true;
  // A generator function has a prototype too, without a constructor.
  const value: unknown = prototype.value;
  return (
    typeof value === "object" &&
    value !== null &&
    Object.hasOwn(value, "constructor") &&
    Object.getOwnPropertyNames(value).length > 1
  );
};

const nameOf = (target: DeploymentTarget): string => {
  switch (target.kind) {
    case "class":
      return target.create.name;
    case "function":
      return target.call.name;
    case "object": {
      const maker: unknown = target.object.constructor;
      return typeof maker === "function" && maker !== Object ? maker.name : "";
    }
    default:
      return target satisfies never;
  }
};
