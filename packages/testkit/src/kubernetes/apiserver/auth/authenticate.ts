import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "../../api/api-error.ts";
import type { UserInfo } from "../engine/user.ts";
import type { Attributes } from "./attributes.ts";
import { refusal } from "./attributes.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Tokens } from "./tokens.ts";

const anonymous: UserInfo = { username: "system:anonymous", groups: ["system:unauthenticated"] };

/** Who sends a request. Throws `ApiError` (Unauthorized for credentials that are not good, Forbidden for impersonation). */
export const authenticate = (headers: IncomingHttpHeaders, tokens: Tokens, authorizer: Authorizer): UserInfo => {
  const user = bearer(headers, tokens);
  return impersonated(user, headers, authorizer);
};

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests */
const bearer = (headers: IncomingHttpHeaders, tokens: Tokens): UserInfo => {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1] ?? webSocketToken(headers);
  if (token === undefined) {
    if (headers.authorization !== undefined) throw new ApiError("Unauthorized", "Unauthorized");
    return anonymous;
  }
  const user = tokens.userOf(token);
  if (user === undefined) throw new ApiError("Unauthorized", "Unauthorized");
  return user;
};

/** Browsers cannot set headers of a WebSocket: the token comes as a subprotocol. */
const webSocketToken = (headers: IncomingHttpHeaders): string | undefined => {
  const encoded = /base64url\.bearer\.authorization\.k8s\.io\.([^\s,]+)/.exec(
    headers["sec-websocket-protocol"] ?? "",
  )?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64url").toString();
};

/** `kubectl --as`. https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/ */
const impersonated = (user: UserInfo, headers: IncomingHttpHeaders, authorizer: Authorizer): UserInfo => {
  const name = headers["impersonate-user"];
  if (typeof name !== "string" || name === "") return user;
  const header = headers["impersonate-group"];
  const groups = typeof header === "string" ? header.split(/,\s*/) : (header ?? []);
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const asked: [resource: string, name: string, namespace: string | undefined][] = [
    account === null ? ["users", name, undefined] : ["serviceaccounts", account[2] ?? "", account[1]],
    ...groups.map((group): [string, string, undefined] => ["groups", group, undefined]),
  ];
  for (const [resource, asName, namespace] of asked) {
    const attributes: Attributes = {
      user,
      verb: "impersonate",
      group: "",
      resource,
      subresource: undefined,
      namespace,
      name: asName,
    };
    if (!authorizer.allows(attributes))
      throw new ApiError("Forbidden", `${resource} "${asName}" is forbidden: ${refusal(attributes)}`);
  }
  const own = account === null ? [] : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  return { username: name, groups: [...groups, ...own, "system:authenticated"] };
};
