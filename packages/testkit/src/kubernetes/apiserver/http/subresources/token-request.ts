import { timestamp } from "../../clock.ts";
import { atPath } from "../../json.ts";
import type { ResourceContext } from "../context.ts";
import { bodyOf } from "../resource-handler.ts";
import { sendJson } from "../respond.ts";

/** `serviceaccounts/token`. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export const handleTokenRequest = async (context: ResourceContext): Promise<void> => {
  const { deps, info, namespace = "", response } = context;
  const body = await bodyOf(context);
  const seconds = atPath(body, "spec.expirationSeconds");
  const audiences = atPath(body, "spec.audiences");
  const bound = atPath(body, "spec.boundObjectRef") as { kind?: string; name?: string; uid?: string } | undefined;
  const pod = bound?.kind === "Pod" ? boundPod(context, bound) : undefined;
  const name = info.name ?? "";
  const issued = deps.tokens.issue(namespace, name, {
    ...(typeof seconds === "number" ? { expirationSeconds: seconds } : {}),
    ...(Array.isArray(audiences) ? { audiences: audiences.map(String) } : {}),
    ...(pod === undefined ? {} : { pod }),
  });
  sendJson(response, 201, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace },
    spec: { audiences: audiences ?? [], expirationSeconds: seconds ?? 3600, boundObjectRef: bound ?? null },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expiresMs) },
  });
};

const boundPod = (
  { deps, namespace }: ResourceContext,
  { name = "", uid }: { name?: string; uid?: string },
): { name: string; uid: string } => {
  const stored = deps.core.store.collection("/pods").get(namespace, name);
  return { name, uid: uid ?? stored?.metadata.uid ?? "" };
};
