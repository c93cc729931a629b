import { MantaError } from "../base/errors.ts";

/** An object of a user's class. */
export type UserObject = Record<string, unknown>;

/** Called by the worker at the ends of the object's life, not by name. */
const reserved: ReadonlySet<string> = new Set(["constructor", "setup", "shutdown"]);

/**
 * Calls a public method: a function on the object or on a class it is made of. Never the constructor,
 * nothing that begins with `_`, nothing that every object has.
 */
export const callMethod = (object: UserObject, name: string, args: readonly unknown[]): unknown => {
  const method = publicMethod(object, name);
  if (method === undefined) {
    const className = object.constructor.name;
    throw new MantaError("not_found", `${className} has no public method ${JSON.stringify(name)}`);
  }
  return method.apply(object, [...args]);
};

const publicMethod = (object: UserObject, name: string): ((...args: unknown[]) => unknown) | undefined => {
  if (reserved.has(name) || name.startsWith("_")) return undefined;
  for (
    let owner: object | null = object;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    const property = Object.getOwnPropertyDescriptor(owner, name);
    // A getter is no method: looking one up must not run code.
    if (property !== undefined)
      return typeof property.value === "function" ? (property.value as (...args: unknown[]) => unknown) : undefined;
  }
  return undefined;
};
