import { ApiError } from "../../api/api-error.ts";
import type { UserInfo } from "../engine/user.ts";
import { isObject, type JsonObject } from "../json.ts";
import { type Attributes, refusal } from "./attributes.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Tokens } from "./tokens.ts";

/** What reviews are answered from. */
export interface ReviewDeps {
  readonly authorizer: Authorizer;
  readonly tokens: Tokens;
}

type Review = (body: JsonObject, user: UserInfo, deps: ReviewDeps, namespace: string | undefined) => JsonObject;

/** A resource that is only created, and answered at once. */
export interface ReviewKind {
  readonly group: "authentication.k8s.io" | "authorization.k8s.io";
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** The `status` of the answer. Throws `ApiError`. */
  readonly review: Review;
}

/** `kubectl auth can-i`, `kubectl auth whoami` and token reviews. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
export const reviewKinds: readonly ReviewKind[] = [
  {
    group: "authorization.k8s.io",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    namespaced: false,
    review: (body, user, deps) => accessStatus(body, user, deps),
  },
  {
    group: "authorization.k8s.io",
    plural: "subjectaccessreviews",
    kind: "SubjectAccessReview",
    namespaced: false,
    review: (body, _user, deps) => accessStatus(body, userOfSpec(body), deps),
  },
  {
    group: "authorization.k8s.io",
    plural: "localsubjectaccessreviews",
    kind: "LocalSubjectAccessReview",
    namespaced: true,
    review: (body, _user, deps) => accessStatus(body, userOfSpec(body), deps),
  },
  {
    group: "authorization.k8s.io",
    plural: "selfsubjectrulesreviews",
    kind: "SelfSubjectRulesReview",
    namespaced: false,
    review: (body, user, { authorizer }) => {
      const rules = authorizer.rulesOf(user, textOf(specOf(body)["namespace"]));
      return {
        resourceRules: rules.filter(({ resources }) => resources !== undefined),
        nonResourceRules: rules.flatMap(({ nonResourceURLs, verbs }) =>
          nonResourceURLs === undefined ? [] : [{ nonResourceURLs, verbs }],
        ),
        incomplete: false,
      };
    },
  },
  {
    group: "authentication.k8s.io",
    plural: "selfsubjectreviews",
    kind: "SelfSubjectReview",
    namespaced: false,
    review: (_body, user) => ({ userInfo: user }),
  },
  {
    group: "authentication.k8s.io",
    plural: "tokenreviews",
    kind: "TokenReview",
    namespaced: false,
    review: (body, _user, { tokens }) => {
      const user = tokens.userOf(textOf(specOf(body)["token"]) ?? "");
      return user === undefined
        ? { authenticated: false, error: "the token is not valid" }
        : { authenticated: true, user };
    },
  },
];

const accessStatus = (body: JsonObject, user: UserInfo, { authorizer }: ReviewDeps): JsonObject => {
  const attributes = attributesOf(specOf(body), user);
  const allowed = authorizer.allows(attributes);
  return allowed ? { allowed, reason: "RBAC: allowed" } : { allowed, reason: refusal(attributes) };
};

const attributesOf = (spec: JsonObject, user: UserInfo): Attributes => {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isObject(nonResourceAttributes)) {
    return {
      user,
      verb: textOf(nonResourceAttributes["verb"]) ?? "",
      path: textOf(nonResourceAttributes["path"]) ?? "",
    };
  }
  if (!isObject(resourceAttributes)) {
    throw new ApiError("Invalid", "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  return {
    user,
    verb: textOf(resourceAttributes["verb"]) ?? "",
    group: textOf(resourceAttributes["group"]) ?? "",
    resource: textOf(resourceAttributes["resource"]) ?? "",
    subresource: textOf(resourceAttributes["subresource"]),
    namespace: textOf(resourceAttributes["namespace"]),
    name: textOf(resourceAttributes["name"]),
  };
};

const userOfSpec = (body: JsonObject): UserInfo => {
  const { user, groups } = specOf(body);
  return { username: textOf(user) ?? "", groups: Array.isArray(groups) ? groups.map(String) : [] };
};

const specOf = (body: JsonObject): JsonObject => (isObject(body["spec"]) ? body["spec"] : {});

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
