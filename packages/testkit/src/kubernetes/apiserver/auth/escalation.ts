import type { PolicyRule, RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../engine/admission-plugin.ts";
import { mastersGroup } from "../engine/user.ts";
import { forbidden } from "../engine/write-request.ts";
import { equalJson } from "../json.ts";
import type { Authorizer } from "./authorizer.ts";
import { covers, ruleText } from "./policy-rule.ts";

const group = "rbac.authorization.k8s.io";

/**
 * Nobody grants what they do not hold, unless they may `escalate` the role or `bind` it.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export const escalationCheck = (authorizer: Authorizer): AdmissionPlugin => ({
  validate: (request) => {
    const { definition, operation, user, object, old } = request;
    if (definition.group !== group || operation === "DELETE" || user.groups.includes(mastersGroup)) return;
    if (definition.plural.endsWith("bindings")) {
      const binding = object as unknown as RoleBinding;
      if (old !== undefined && equalJson(old["subjects"], object["subjects"])) return;
      if (
        may(
          authorizer,
          request,
          "bind",
          binding.roleRef.kind === "Role" ? "roles" : "clusterroles",
          binding.roleRef.name,
        )
      )
        return;
      refuseMissing(authorizer, request, authorizer.rulesOfRole(binding.roleRef, request.namespace));
      return;
    }
    if (old !== undefined && equalJson(old["rules"], object["rules"])) return;
    if (may(authorizer, request, "escalate", definition.plural, request.name)) return;
    refuseMissing(authorizer, request, (object["rules"] as readonly PolicyRule[] | undefined) ?? []);
  },
});

const may = (
  authorizer: Authorizer,
  { user, namespace }: AdmissionRequest,
  verb: string,
  resource: string,
  name: string,
): boolean => authorizer.allows({ user, verb, group, resource, subresource: undefined, namespace, name });

const refuseMissing = (authorizer: Authorizer, request: AdmissionRequest, wanted: readonly PolicyRule[]): void => {
  const { user, namespace, definition, name } = request;
  const held = authorizer.rulesOf(user, namespace);
  const missing = wanted.filter((rule) => !covers(held, rule));
  if (missing.length === 0) return;
  const groups = user.groups.map((each) => JSON.stringify(each)).join(" ");
  const text = `user "${user.username}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join("\n")}`;
  throw forbidden(definition, name, text);
};
