import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ApiError } from "../../api/api-error.ts";
import { refusal } from "../auth/attributes.ts";
import { authenticate } from "../auth/authenticate.ts";
import { reviewKinds } from "../auth/reviews.ts";
import type { DiscoveryHandler } from "../discovery/discovery-handler.ts";
import type { UserInfo } from "../engine/user.ts";
import { apiVersionOf, qualified } from "../engine/write-request.ts";
import { isObject } from "../json.ts";
import type { RequestContext, ResourceContext } from "./context.ts";
import { chooseRepresentation } from "./representation.ts";
import { attributesOf, parseRequest, type RequestInfo, type ResourceRequest } from "./request-info.ts";
import { bodyOf, handleResource } from "./resource-handler.ts";
import { sendError, sendJson } from "./respond.ts";
import type { ServerDeps } from "./server-deps.ts";
import { handlePodUpgrade, refuseUpgrade } from "./subresources/pod-upgrade.ts";
import { subresourcesOf } from "./subresources/subresources.ts";

const notServed = (): ApiError => new ApiError("NotFound", "the server could not find the requested resource");

/** Everything that comes over HTTP: who asks, may they, and what is it about. */
export class RequestHandler {
  readonly #deps: ServerDeps;
  readonly #discovery: DiscoveryHandler;

  constructor(deps: ServerDeps, discovery: DiscoveryHandler) {
    this.#deps = deps;
    this.#discovery = discovery;
  }

  /** Answers a request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const info = parseRequest(request.method ?? "GET", request.url ?? "/");
    this.#count(info, request, response);
    try {
      const user = this.#admit(info, request);
      await this.#answer({ deps: this.#deps, request, response, info, user });
    } catch (error) {
      sendError(response, error);
    }
  }

  /** Answers a request to leave HTTP (`exec`, `attach`, `portforward`). Never rejects. */
  async handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const info = parseRequest(request.method ?? "GET", request.url ?? "/");
    // A client that is gone is no fault of this process; who serves the stream hears of it by its own listener.
    socket.on("error", () => socket.destroy());
    try {
      const user = this.#admit(info, request);
      if (info.kind === "path") throw notServed();
      // There is no answer to write to: what goes wrong is told by the socket.
      const context = this.#resourceContext(
        { deps: this.#deps, request, response: undefined as unknown as ServerResponse, info, user },
        info,
      );
      await handlePodUpgrade(context, socket, head);
    } catch (error) {
      refuseUpgrade(request, socket, error);
    }
  }

  /** Throws `ApiError` (Unauthorized, Forbidden). */
  #admit(info: RequestInfo, request: IncomingMessage): UserInfo {
    const { tokens, authorizer } = this.#deps;
    const user = authenticate(request.headers, tokens, authorizer);
    const attributes = attributesOf(info, user);
    if (authorizer.allows(attributes)) return user;
    if (info.kind === "path") throw new ApiError("Forbidden", `forbidden: ${refusal(attributes)}`);
    const { group, resource, name } = info;
    const what = `${qualified({ group, plural: resource })}${name === undefined ? "" : ` "${name}"`}`;
    throw new ApiError("Forbidden", `${what} is forbidden: ${refusal(attributes)}`, {
      ...(name === undefined ? {} : { name }),
      group,
      kind: resource,
    });
  }

  async #answer(context: RequestContext): Promise<void> {
    const { info } = context;
    if (info.kind === "path") {
      if (info.verb !== "get" && info.verb !== "head")
        throw new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
      return this.#discovery.handle(context);
    }
    if (info.version === "v1" && info.group.startsWith("auth") && (await this.#review(context, info))) return;
    const resource = this.#resourceContext(context, info);
    if (info.subresource === undefined) {
      if (resource.definition.namespaced && info.namespace === undefined && !["list", "watch"].includes(info.verb)) {
        throw new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
      }
      return handleResource(resource);
    }
    const subresource = subresourcesOf(resource.definition).find(({ name }) => name === info.subresource);
    if (subresource === undefined || info.name === undefined) throw notServed();
    if (!subresource.verbs.includes(info.verb))
      throw new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
    await subresource.handle(resource);
  }

  #resourceContext(context: RequestContext, info: ResourceRequest): ResourceContext {
    const { group, version, resource: plural } = info;
    const definition = this.#deps.core.definitions.get({ group, version, plural });
    if (definition === undefined) throw notServed();
    const proxied = info.subresource === "proxy" || info.subresource === "log";
    const representation = proxied ? "object" : chooseRepresentation(context.request.headers.accept);
    return {
      ...context,
      info,
      definition,
      namespace: definition.namespaced ? info.namespace : undefined,
      representation,
    };
  }

  /** Access and token reviews: resources that are answered, not stored. */
  async #review(context: RequestContext, info: ResourceRequest): Promise<boolean> {
    const kind = reviewKinds.find(({ group, plural }) => group === info.group && plural === info.resource);
    if (kind === undefined) return false;
    if (info.verb !== "create")
      throw new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
    const body = await bodyOf(context);
    if (!isObject(body)) throw new ApiError("BadRequest", "the request's body is not an object");
    const status = kind.review(body, context.user, this.#deps, info.namespace);
    const type = { kind: kind.kind, apiVersion: apiVersionOf({ group: kind.group, version: "v1" }) };
    sendJson(context.response, 201, {
      ...type,
      metadata: { creationTimestamp: null },
      spec: body["spec"] ?? {},
      status,
    });
    return true;
  }

  #count(info: RequestInfo, request: IncomingMessage, response: ServerResponse): void {
    const resource =
      info.kind === "path"
        ? info.path
        : `${qualified({ group: info.group, plural: info.resource })}${info.subresource === undefined ? "" : `/${info.subresource}`}`;
    const { counts } = this.#deps;
    response.once("close", () => counts.add(info.verb, resource, request.headers["user-agent"], response.statusCode));
  }
}
