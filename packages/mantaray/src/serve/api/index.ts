/**
 * What applications import: how they say what is served, call one another, and learn where they run.
 * Importing it does nothing and needs no cluster.
 */

export { MantaError } from "../../base/errors.ts";
export { Application } from "./application.ts";
export type { FetchObject } from "./bound-deployment.ts";
export type { ReplicaContext, RequestContext } from "./context.ts";
export { getReplicaContext, getRequestContext } from "./context.ts";
export { Deployment, deployment } from "./deployment.ts";
export type {
  AutoscalingOptions,
  DeploymentOptions,
  IdempotencyOptions,
  RayActorOptions,
} from "./deployment-options.ts";
export {
  BackPressureError,
  DeploymentUnavailableError,
  ReplicaDiedError,
  RequestCancelledError,
  RequestTimeoutError,
} from "./errors.ts";
export type { DeploymentResponse, DeploymentResponseStream, Handle, HandleOptions } from "./handle.ts";
