import type { ReferenceOptions } from "./reference-options.ts";

/** An object with a `fetch` method, such as a Hono app. */
export interface FetchObject {
  fetch(request: Request): unknown;
  /** Requests for a WebSocket come here, once it is open; without this they go to `fetch`. */
  websocket?(socket: WebSocket, request: Request): unknown;
}

/** What a deployment runs: a class of which each replica makes one, a function, or an object with `fetch`. */
export type DeploymentTarget =
  | { readonly kind: "class"; readonly create: new (...args: never[]) => object }
  | { readonly kind: "function"; readonly call: (...args: never[]) => unknown }
  | { readonly kind: "object"; readonly object: FetchObject };

/** What an application knows of its deployment. */
export interface BoundDeployment {
  readonly name: string;
  readonly target: DeploymentTarget;
  /** The options that were set, in the reference's spelling. */
  readonly referenceOptions: ReferenceOptions;
}
