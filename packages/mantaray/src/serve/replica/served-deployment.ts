import { MantaError } from "../../base/errors.ts";
import type { DeploymentTarget } from "../api/bound-deployment.ts";
import { functionCallName } from "../api/create-handle.ts";
import { LazyResponse } from "./http/lazy-response.ts";

type Method = (...args: unknown[]) => unknown;

/** Called by the replica, never by a handle. */
const hooks: ReadonlySet<string> = new Set([
  "constructor",
  "fetch",
  "websocket",
  "setup",
  "reconfigure",
  "checkHealth",
  "shutdown",
]);

/** A deployment's `websocket`: it gets the standard's interface. */
export type WebSocketEntry = (socket: WebSocket, request: Request) => unknown;

/** The user's instance, function or object, and what a replica may call of it. */
export class ServedDeployment {
  readonly name: string;
  /** The class's instance, the function, or the object. */
  readonly object: object;
  /** The HTTP entry. */
  readonly fetch: (request: Request) => unknown;
  /** The entry of WebSockets; undefined: requests for one go to `fetch`. */
  readonly websocket: WebSocketEntry | undefined;
  readonly #kind: DeploymentTarget["kind"];
  readonly #methods = new Map<string, Method>();

  private constructor(name: string, kind: DeploymentTarget["kind"], object: object) {
    this.name = name;
    this.object = object;
    this.#kind = kind;
    this.fetch = this.#fetchEntry();
    this.websocket = this.#hook("websocket");
  }

  /** Makes the instance and runs `setup`. What they throw passes through. */
  static async create(name: string, target: DeploymentTarget, args: readonly unknown[]): Promise<ServedDeployment> {
    const served = new ServedDeployment(name, target.kind, makeObject(target, args));
    await served.#hook("setup")?.();
    return served;
  }

  /** Null and undefined: no config, nothing to do. */
  async reconfigure(userConfig: unknown): Promise<void> {
    if (userConfig === null || userConfig === undefined) return;
    const hook = this.#hook("reconfigure");
    if (hook === undefined) {
      throw new MantaError(
        "invalid_config",
        `user_config is given, but deployment ${this.name} has no reconfigure method`,
      );
    }
    await hook(userConfig);
  }

  /** Rejects when the user's check does. */
  async checkHealth(): Promise<void> {
    await this.#hook("checkHealth")?.();
  }

  async shutdown(): Promise<void> {
    await this.#hook("shutdown")?.();
  }

  /**
   * A method that a handle may call: a function of the instance or its classes. No hook, nothing that every
   * object has, nothing that begins with `_`. Throws `not_found`.
   */
  method(name: string): Method {
    const known = this.#methods.get(name);
    if (known !== undefined) return known;
    const found = this.#findMethod(name);
    if (found === undefined) {
      const called =
        name === functionCallName ? "the handle itself is called" : `it has no public method ${JSON.stringify(name)}`;
      throw new MantaError("not_found", `deployment ${this.name} cannot be called like this: ${called}`);
    }
    this.#methods.set(name, found);
    return found;
  }

  #findMethod(name: string): Method | undefined {
    const { object } = this;
    if (this.#kind === "function") return name === functionCallName ? (object as Method) : undefined;
    if (hooks.has(name) || name.startsWith("_") || !hasProperty(object, name)) return undefined;
    const value: unknown = Reflect.get(object, name);
    return typeof value === "function" ? (value as Method).bind(object) : undefined;
  }

  #fetchEntry(): (request: Request) => unknown {
    const { object } = this;
    if (this.#kind === "function") return object as Method;
    const entry: unknown = Reflect.get(object, "fetch");
    if (typeof entry === "function") return (request) => (object as { fetch: Method }).fetch(request);
    const text = `Deployment ${this.name} has no fetch method: it can be called by handle only.`;
    return () => new LazyResponse(text, { status: 404 });
  }

  #hook(name: "websocket" | "setup" | "reconfigure" | "checkHealth" | "shutdown"): Method | undefined {
    if (this.#kind === "function") return undefined;
    const hook: unknown = Reflect.get(this.object, name);
    return typeof hook === "function" ? (hook as Method).bind(this.object) : undefined;
  }
}

const makeObject = (target: DeploymentTarget, args: readonly unknown[]): object => {
  switch (target.kind) {
    case "class":
      return new target.create(...(args as never[]));
    case "function":
      return target.call;
    case "object":
      return target.object;
    default:
      return target satisfies never;
  }
};

/** On the object or a class of its own, not on every object. */
const hasProperty = (object: object, name: string): boolean => {
  for (let owner: object | null = object; owner !== null && owner !== Object.prototype; owner = prototypeOf(owner)) {
    if (Object.hasOwn(owner, name)) return true;
  }
  return false;
};

const prototypeOf = (object: object): object | null => Object.getPrototypeOf(object) as object | null;
