import type { IncomingMessage, ServerResponse } from "node:http";
import type { UserInfo } from "../engine/user.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { Representation } from "./representation.ts";
import type { RequestInfo, ResourceRequest } from "./request-info.ts";
import type { ServerDeps } from "./server-deps.ts";

/** One request that passed authentication and authorization. */
export interface RequestContext {
  readonly deps: ServerDeps;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly info: RequestInfo;
  readonly user: UserInfo;
}

/** One about a resource that is served. */
export interface ResourceContext extends RequestContext {
  readonly info: ResourceRequest;
  readonly definition: ResourceDefinition;
  /** Of the path; undefined for resources without namespaces and lists over all. */
  readonly namespace: string | undefined;
  readonly representation: Representation;
}
