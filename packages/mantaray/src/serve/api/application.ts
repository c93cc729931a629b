import type { BoundDeployment } from "./bound-deployment.ts";
import type { HandleTarget } from "./handle.ts";

declare const servedAs: unique symbol;

/** Marks an `Application` across copies of this package: a bundle may hold its own. */
export const applicationMark: unique symbol = Symbol.for("mantaray.application") as never;

/**
 * A deployment with the arguments of its class: what is deployed. Made by `Deployment.bind`. Bound to
 * another deployment it becomes a `Handle` there.
 */
export class Application<T = unknown> {
  /** Type only: what a handle to it speaks for. */
  declare readonly [servedAs]: T;
  readonly [applicationMark] = true;
  readonly deployment: BoundDeployment;
  readonly args: readonly unknown[];

  constructor(deployment: BoundDeployment, args: readonly unknown[]) {
    this.deployment = deployment;
    this.args = args;
  }
}

/** Whether a value is an application, of this copy of the package or another. */
export const isApplication = (value: unknown): value is Application =>
  typeof value === "object" && value !== null && (value as { [applicationMark]?: unknown })[applicationMark] === true;

type Data = string | number | boolean | bigint | symbol | null | undefined;

/** What may be bound for a constructor parameter: where it wants a handle, an application. */
export type BindArg<P> = unknown extends P ? P : P extends unknown ? BindMember<P> : never;

type BindMember<P> = [HandleTarget<P>] extends [never]
  ? P extends Data | Date | RegExp | ((...args: never[]) => unknown)
    ? P
    : P extends object
      ? { [K in keyof P]: BindArg<P[K]> }
      : P
  : Application<HandleTarget<P>> | P;

/** What may be bound for a parameter list. */
export type BindArgs<Args extends readonly unknown[]> = { [K in keyof Args]: BindArg<Args[K]> };
