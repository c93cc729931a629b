/**
 * What applications import: how they say what is served, call one another, and learn where they run.
 * Importing it does nothing and needs no cluster.
 */

export { MantaError } from "../../base/errors.ts";
export { Application, isApplication } from "./application.ts";
export type { ReplicaContext, RequestContext } from "./context.ts";
export { getReplicaContext, getRequestContext } from "./context.ts";
export type { FetchObject } from "./deployment.ts";
export { Deployment, deployment, isDeployment } from "./deployment.ts";
export type { AutoscalingOptions, DeploymentOptions, RayActorOptions } from "./deployment-options.ts";
export {
  BackPressureError,
  DeploymentUnavailableError,
  ReplicaDiedError,
  RequestCancelledError,
  RequestTimeoutError,
} from "./errors.ts";
export type { ApplicationGraph, GraphNode } from "./graph.ts";
export { buildApplication, extractGraph, findNode } from "./graph.ts";
export type { DeploymentResponse, DeploymentResponseStream, Handle, HandleOptions } from "./handle.ts";
export { deploymentOptionTable } from "./option-table.ts";
export { installPublicApi, publicApiName } from "./public-api-hooks.ts";
export type { ReferenceOptions } from "./reference-options.ts";
