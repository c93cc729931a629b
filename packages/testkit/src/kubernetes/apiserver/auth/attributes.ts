import type { UserInfo } from "../engine/user.ts";

/** What somebody wants to do. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes */
export type Attributes =
  | {
      readonly user: UserInfo;
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string | undefined;
      /** Undefined or "": all namespaces, or a resource without. */
      readonly namespace: string | undefined;
      readonly name: string | undefined;
      readonly path?: undefined;
    }
  | { readonly user: UserInfo; readonly verb: string; readonly path: string };

/** The reason of a refusal, as the API words it. */
export const refusal = (attributes: Attributes): string => {
  const { user, verb } = attributes;
  if (attributes.path !== undefined) return `User "${user.username}" cannot ${verb} path "${attributes.path}"`;
  const { resource, subresource, group, namespace } = attributes;
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  const scope = (namespace ?? "") === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `User "${user.username}" cannot ${verb} resource "${full}" in API group "${group}" ${scope}`;
};
