import { ApiError } from "../../../api/api-error.ts";
import { update } from "../../engine/update.ts";
import type { ResourceDefinition } from "../../plugins.ts";
import type { ResourceContext } from "../context.ts";
import { writeRequestOf } from "../query.ts";
import { bodyOf, currentOf, handleResource, sendObject } from "../resource-handler.ts";
import { handleBinding } from "./binding.ts";
import { handleEviction } from "./eviction.ts";
import { handleProxy } from "./proxy.ts";
import { handleScale } from "./scale.ts";
import { handleTokenRequest } from "./token-request.ts";

/** A part of a resource with an address of its own. */
export interface Subresource {
  readonly name: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
  handle(context: ResourceContext): Promise<void>;
}

const httpVerbs = ["create", "delete", "get", "patch", "update"];
const upgradeOnly = async (): Promise<void> => {
  throw new ApiError("BadRequest", "Upgrade request required");
};

const podLog = async (context: ResourceContext): Promise<void> => {
  const { deps, info, request, response } = context;
  const streams = deps.podStreams();
  if (streams === undefined) throw new ApiError("ServiceUnavailable", "no kubelet is connected to this API server");
  await streams.log({ pod: currentOf(context), query: info.query, request, response });
};

/** Takes a namespace's last finalizers off it. */
const finalize = async (context: ResourceContext): Promise<void> => {
  const written = update(context.deps.core, writeRequestOf(context), context.info.name ?? "", await bodyOf(context), {
    finalize: true,
  });
  sendObject(context, 200, written.object);
};

const podKind = { group: "", version: "v1", kind: "Pod" };
const builtin: Readonly<Record<string, readonly Subresource[]>> = {
  pods: [
    { name: "attach", kind: { ...podKind, kind: "PodAttachOptions" }, verbs: ["create", "get"], handle: upgradeOnly },
    { name: "binding", kind: { ...podKind, kind: "Binding" }, verbs: ["create"], handle: handleBinding },
    {
      name: "eviction",
      kind: { group: "policy", version: "v1", kind: "Eviction" },
      verbs: ["create"],
      handle: handleEviction,
    },
    { name: "exec", kind: { ...podKind, kind: "PodExecOptions" }, verbs: ["create", "get"], handle: upgradeOnly },
    { name: "log", kind: podKind, verbs: ["get"], handle: podLog },
    {
      name: "portforward",
      kind: { ...podKind, kind: "PodPortForwardOptions" },
      verbs: ["create", "get"],
      handle: upgradeOnly,
    },
    { name: "proxy", kind: { ...podKind, kind: "PodProxyOptions" }, verbs: httpVerbs, handle: handleProxy },
  ],
  services: [
    {
      name: "proxy",
      kind: { group: "", version: "v1", kind: "ServiceProxyOptions" },
      verbs: httpVerbs,
      handle: handleProxy,
    },
  ],
  namespaces: [
    { name: "finalize", kind: { group: "", version: "v1", kind: "Namespace" }, verbs: ["update"], handle: finalize },
  ],
  serviceaccounts: [
    {
      name: "token",
      kind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
      verbs: ["create"],
      handle: handleTokenRequest,
    },
  ],
};

/** The subresources of a resource. */
export const subresourcesOf = (definition: ResourceDefinition): Subresource[] => {
  const { group, version, kind } = definition;
  const found = definition.custom || group !== "" ? [] : [...(builtin[definition.plural] ?? [])];
  if (definition.statusSubresource) {
    found.push({
      name: "status",
      kind: { group, version, kind },
      verbs: ["get", "patch", "update"],
      handle: (context) => handleResource(context, "status"),
    });
  }
  if (definition.scale !== undefined) {
    found.push({
      name: "scale",
      kind: { group: "autoscaling", version: "v1", kind: "Scale" },
      verbs: ["get", "patch", "update"],
      handle: handleScale,
    });
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
};
